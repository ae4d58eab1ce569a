// Verdicts of the XSS detector: one input for each place, name list and browser quirk, and their harmless neighbours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributeClass, isScriptAddress } from './xss-rules.ts';
import { detectXss } from './xss.ts';

const dangerous = [
  '<script>', '<SCRIPT', '<scr\0ipt>', '<svg/onload', '<svgfoo>', '<xsl:x>', '<iframe src=a>', '<!doctype html>', '<!DOCTYPE',
  '<![CDATA[a]]><script>', '<!--[if IE]>', '<!-- ` -->', '<?xml?>', '<?import a>',
  '<!ENTITY a>', '<% ` %>', '<a onclick=1>', '<a/onclick=1>', '<a b=c onclick=1>', '<a b="c"onclick=1>', '<a onclick\n=\n1>', '<a onload=`x`>',
  '<a style=1>', '<a href=javascript:x>',
  '<a href="java\nscript:x">', '<a href=" \x01javascript:x">', '<a href=&#106;avascript:x>', '<a href=&#x6a;avascript:x>',
  '<a href=&#0000106avascript:x>', '<a href=data:x>', '<a href=VBSCRIPT:x>',
  '<form action=javascript:x>', '<set attributename=href>', '<a xmlns:x=1>', '<a xlink:foo=1>', 'onclick=1', 'onclick2=1', 'onvisibilitychange=1', ' onclick = 1', "a'onclick=1",
  "a' onclick=1", 'a" onclick=1', 'a`onclick=1', "'><script>", '"><script>',
  '</a><script>', '<a></a onclick=1>', '<<script>', '<1<script>', '<!-- --><script>', '<!-- -!><script>',
];

const harmless = [
  '', 'a', '<', '<<', '</', '</>', '<b>', '<a href=http://x>', '<a href="/x?y=z">', 'a < b', 'a<b and c>d', 'x=y', 'once=1', 'online=1', 'on=1', 'oncl=1', 'ontology=1',
  'a=onclick', '<a b=onclick>', '<!-- a -->', '<!-- <script> -->',
  '<![CDATA[<script>]]>', '<?php', '<% a %>', '<set attributename=x>', '<a onclick>', '<sv>', '<ab', '<a href=&>', '<a href=&#>', '<a href=&#x>',
  '<a href=&#99999999999999999999;>',
];

test('markup that runs script matches', () => {
  for (const value of dangerous) assert.equal(detectXss(value), true, JSON.stringify(value));
});

test('other markup and text do not', () => {
  for (const value of harmless) assert.equal(detectXss(value), false, JSON.stringify(value));
});

test('attributes are judged by name, without case and NULs', () => {
  for (const name of ['ONERROR', 'on\0error', 'style', 'xmlnsfoo']) assert.equal(attributeClass(name, 0, name.length), 1, name);
  for (const name of ['x', 'on', 'title', 'onward', 'a'.repeat(200)]) assert.equal(attributeClass(name, 0, name.length), 0, name);
});

test('addresses are judged by scheme', () => {
  for (const address of ['javascript:', '\x01\x80java', '&#x4a;AVA',
  'view-source:x']) assert.equal(isScriptAddress(address, 0, address.length), true, address);
  for (const address of ['', 'jav', 'http://java', '&#106', 'mailto:data']) assert.equal(isScriptAddress(address, 0, address.length), false, address);
});
