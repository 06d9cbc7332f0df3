const UNDERSCORES = 'ion-js refuses underscores in numbers';
const BINARY_INTS = 'ion-js refuses binary ints';
const NEWLINES = 'ion-js keeps CR and CR LF in long strings and clobs';
const SYMBOL_TABLES =
  'ion-js refuses a local symbol table in text with annotations inside, or with gaps';
const UNKNOWN_TEXT = 'ion-js refuses symbols of unknown text in text';
const ENCODING = 'a JavaScript string has no encoding';

/** Files of ion-tests that ion-js, which reads Ion text for us, gets wrong, and how. */
export const ION_JS_FAULTS: Readonly<Record<string, string | undefined>> = {
  'bad/localSymbolTableImportNullMaxId.ion':
    'ion-js takes an import whose max_id is null',
  'good/decimalsWithUnderscores.ion': UNDERSCORES,
  'good/equivs/binaryInts.ion': BINARY_INTS,
  'good/equivs/clobNewlines.ion': NEWLINES,
  'good/equivs/decimalsWithUnderscores.ion': UNDERSCORES,
  'good/equivs/floatsWithUnderscores.ion': UNDERSCORES,
  'good/equivs/intsWithUnderscores.ion': UNDERSCORES,
  'good/equivs/localSymbolTableNullSlots.ion': SYMBOL_TABLES,
  'good/equivs/localSymbolTableWithAnnotations.ion': SYMBOL_TABLES,
  'good/equivs/longStringsWithComments.ion':
    'ion-js does not join long strings across comments',
  'good/equivs/nonIVMNoOps.ion':
    'ion-js yields $ion_1_0 written as $10 as a value',
  'good/equivs/textNewlines.ion': NEWLINES,
  'good/floatsWithUnderscores.ion': UNDERSCORES,
  'good/intBinary.ion': BINARY_INTS,
  'good/intsWithUnderscores.ion': UNDERSCORES,
  'good/non-equivs/symbolTablesUnknownText.ion': UNKNOWN_TEXT,
  'good/symbolZero.ion': UNKNOWN_TEXT,
  'good/utf16.ion': ENCODING,
  'good/utf32.ion': ENCODING,
};
