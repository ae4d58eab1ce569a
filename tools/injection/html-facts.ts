// Facts of HTML, SVG and the old Internet Explorer that make markup run code: elements, attributes, event handlers, schemes.
// Event handlers: HTML Living Standard 8.1.8.2, SVG 2, UI Events, Pointer/Touch Events, Clipboard API, WebRTC, WebGL, the browsers' own
// (IE: html5sec.org).
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

/** Beginnings of event names: an attribute that is `on` and one of these is taken for a handler, whatever follows. */
const events = `
  abort activate active addsourcebuffer addstream addtrack afterprint afterscriptexecute afterupdate animationcancel animationend
  animationiteration animationstart ariarequest audioend audioprocess audiostart autocomplete auxclick beforeactivate beforecopy beforecut
  beforedeactivate beforeeditfocus beforefocusenter beforefocusleave beforeinput beforeload beforematch beforepaste beforeprint
  beforescriptexecute beforetoggle beforeunload beforeupdate begin blocked blur bounce boundary broadcast bufferedamountlow cached cancel canplay
  cellchange change chargingchange chargingtimechange checking click close complete compositionend compositionstart compositionupdate connect
  contentreadytoplay contextlost contextmenu contextrestored controllerchange controlselect copy cuechange cut dataavailable datachannel
  datasetchanged datasetcomplete dblclick deactivate devicechange devicelight devicemotion deviceorientation dischargingtimechange disconnect
  domactivate domattributenamechanged domattrmodified domcharacterdatamodified domcontentloaded domfocusin domfocusout dommousescroll
  domnodeinserted domnoderemoved domsubtreemodified downloading drag drop durationchange emptied encrypted end enter error exit fetch filterchange
  finish focus formchange formdata forminput fullscreenchange fullscreenerror gamepadconnected gamepaddisconnected gesturechange gestureend
  gesturescrollend gesturescrollstart gesturescrollupdate gesturestart gesturetap gotpointercapture hashchange help icecandidate
  iceconnectionstatechange icegatheringstatechange inactive input install invalid keydown keypress keystatuseschange keyup languagechange
  layoutcomplete leavepictureinpicture levelchange load losecapture lostpointercapture mark mediacomplete mediaerror merchantvalidation message
  mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup mousewheel move mute negotiationneeded nexttrack nomatch noupdate obsolete
  offline online open orientationchange outofsync overconstrained overflow pagehide pagereveal pageshow pageswap paint paste pause
  payerdetailchange paymentauthorized paymentmethodchange paymentmethodselected play pointercancel pointerdown pointerenter pointerleave
  pointerlockchange pointerlockerror pointermove pointerout pointerover pointerrawupdate pointerup popstate popuphidden popuphiding popupshowing
  popupshown previoustrack processorerror progress propertychange ratechange readystatechange received rejectionhandled remove repeat reset resize
  resourcetimingbufferfull result resume reverse rowdelete rowenter rowexit rowinserted rowsdelete rowsinserted scroll search
  securitypolicyviolation seek select shippingaddresschange shippingcontactselected shippingmethodselected shippingoptionchange show
  signalingstatechange slotchange snapchanged soundend soundstart sourceclose sourceended sourceopen speechend speechstart squeeze stalled start
  statechange stop storage submit success suspend synchrestored syncrestored textinput timeerror timeout timeupdate toggle tonechange touchcancel
  touchend touchenter touchforcechange touchleave touchmove touchstart track transitioncancel transitionend transitionrun transitionstart
  uncapturederror underflow unhandledrejection unload unmute update upgradeneeded urlflip validatemerchant versionchange visibilitychange
  volumechange waiting webglcontextchanged webglcontextcreationerror webglcontextlost webglcontextrestored webkitanimationend
  webkitanimationiteration webkitanimationstart webkitbeforetextinserted webkitbeginfullscreen webkitendfullscreen webkitfullscreenchange
  webkitfullscreenerror webkitkeyadded webkitkeyerror webkitkeymessage webkitmouseforcechanged webkitmouseforcedown webkitmouseforceup
  webkitmouseforcewillbegin webkitneedkey webkitnetworkinfochange webkitplaybacktargetavailabilitychanged webkitpresentationmodechanged
  webkitsourceclose webkitsourceended webkitsourceopen webkitspeechchange webkittransitionend webkitwillrevealbottom webkitwillrevealleft
  webkitwillrevealright webkitwillrevealtop wheel write zoom
`;

export const eventBeginnings = events.trim().split(/\s+/).sort().join(' ');
