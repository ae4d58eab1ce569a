// Types of files by their first bytes, and what names declare.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeOfBytes, typeOfName, typesAgree } from './content-type.ts';

const of = (text: string): string => typeOfBytes(Buffer.from(text, 'latin1'));

test('types by first bytes', () => {
  const rows: [string, string][] = [
    ['', 'empty'], ['\x7fELF\x02', 'executable'], ['MZ\x90\0', 'executable'], ['#!/bin/sh\n', 'script'],
    ['<?php echo 1;', 'script'], ['PK\x03\x04...', 'archive'], ['%PDF-1.7', 'document'],
    ['\x89PNG\r\n\x1a\n', 'image'], ['\0\0\0\x18ftypmp42', 'video'], ['ID3\x03', 'audio'],
    ['  <!DOCTYPE html>', 'markup'], ['\xef\xbb\xbf<?xml version', 'markup'], ['hello\r\n', 'text'],
    ['a\0b', 'other'], ['\x01\x02\x03\x04', 'other'], [`${'x'.repeat(257)}ustar`, 'archive'],
  ];
  for (const [bytes, type] of rows) assert.equal(of(bytes), type, JSON.stringify(bytes));
});

test('what names declare, and whether it fits', () => {
  assert.equal(typeOfName('/a/b.JPG'), 'image');
  assert.equal(typeOfName('/a.b/c'), '');
  assert.equal(typeOfName('/a/.bashrc'), '');
  assert.equal(typesAgree('image', 'executable'), false);
  assert.equal(typesAgree('text', 'script'), true);
  assert.equal(typesAgree('text', 'executable'), false);
  assert.equal(typesAgree('', 'executable'), true);
  assert.equal(typesAgree('document', 'empty'), true);
});
