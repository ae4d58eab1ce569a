// Facts of HTML, SVG and the old Internet Explorer that make markup run code: elements, attributes, event handlers, schemes.
// Event handlers: HTML Living Standard 8.1.8.2, SVG 2, UI Events, Pointer/Touch Events, Clipboard API, IE's own (html5sec.org).
// Input of generate.ts; not shipped.

export const dangerousTags = `applet base comment embed frame frameset handler iframe import isindex link listener meta noscript object script style vmlframe xml xss`;

/** SVG and XSL elements run script in many ways. */
export const dangerousTagPrefixes = `svg xsl`;

export const urlAttributes = `action background by dynsrc folder formaction from handler href lowsrc poster src to values xlink:href`;

/** Names an attribute to set (SVG animation). */
export const indirectAttributes = `attributename`;

export const dangerousAttributes = `dataformatas datasrc`;

export const styleAttributes = `style filter`;

/** Address schemes, as prefixes: `java` covers javascript, `data` needs no colon after line feeds. */
export const scriptSchemes = `data view-source vbscript java`;

const events = `
  abort activate activated afterprint afterscriptexecute afterupdate animationcancel animationend animationiteration animationstart ariarequest
  autocomplete autocompleteerror auxclick beforeactivate beforecopy beforecut beforedeactivate beforeeditfocus beforefocusenter beforefocusleave
  beforeinput beforeload beforematch beforepaste beforeprint beforescriptexecute beforetoggle beforeunload beforeupdate begin bounce blur broadcast
  cached cancel canplay canplaythrough cellchange change checking click close compositionend compositionstart compositionupdate contentreadytoplay
  contextlost contextmenu contextrestored controlselect copy cuechange cut dataavailable datasetchanged datasetcomplete dblclick deactivate
  devicelight devicemotion deviceorientation domactivate domattrmodified domattributenamechanged domcharacterdatamodified domcontentloaded
  domfocusin domfocusout dommousescroll domnodeinserted domnodeinsertedintodocument domnoderemoved domnoderemovedfromdocument domsubtreemodified
  downloading drag dragdrop dragend dragenter dragexit dragleave dragover dragstart drop durationchange emptied end ended error errorupdate
  filterchange finish focus focusin focusout formchange formdata forminput fullscreenchange fullscreenerror gesturechange gestureend gesturestart
  gotpointercapture hashchange help input install invalid keydown keypress keyup languagechange layoutcomplete load loadeddata loadedmetadata
  loadend loadstart losecapture lostpointercapture message messageerror mediacomplete mediaerror mousedown mouseenter mouseleave mousemove mouseout
  mouseover mouseup mousewheel move moveend movestart noupdate obsolete offline online open orientationchange outofsync overflow overflowchanged
  pagehide pagereveal pageshow pageswap paint paste pause play playing pointercancel pointerdown pointerenter pointerleave pointermove pointerout
  pointerover pointerrawupdate pointerup popstate popuphidden popuphiding popupshowing popupshown progress propertychange ratechange
  readystatechange received rejectionhandled repeat reset resize resizeend resizestart resume reverse rowdelete rowenter rowexit rowinserted
  rowsdelete rowsinserted scroll scrollend search securitypolicyviolation seek seeked seeking select selectionchange selectstart show slotchange
  snapchanged stalled start statechange stop storage submit suspend syncrestored synchrestored text timeerror timeout timeupdate toggle touchcancel
  touchend touchenter touchleave touchmove touchstart trackchange transitioncancel transitionend transitionrun transitionstart underflow
  unhandledrejection unload updateready urlflip volumechange waiting webkitanimationend webkitanimationiteration webkitanimationstart
  webkitfullscreenchange webkitmouseforcechanged webkitmouseforcedown webkitmouseforceup webkitmouseforcewillbegin
  webkitplaybacktargetavailabilitychanged webkittransitionend webkitwillrevealbottom wheel zoom
`;

export const eventAttributes = events.trim().split(/\s+/).map((event) => `on${event}`).sort().join(' ');
