package detect

// officeKinds are the kinds of files (email.Attachment.Kind) that package scan opens as documents: it knows whether they hold macros, whatever
// their names say.
var officeKinds = set(`doc xls ppt vsd pub ole msg encrypted-office docx docm xlsx xlsm xlsb pptx pptm vsdx odt ods odp odg rtf one`)

// detectLockedDocument finds an encrypted document whose password stands in the mail: nobody looks into it on the way, and the reader can.
func detectLockedDocument(f *Facts, raise Raise) {
	fact, ok := f.Files.Has("document-locked")
	if !ok {
		return
	}
	if fact.Detail != "" {
		raise("locked-document", say("%q %s", fact.File, fact.Detail))
	} else if w := passwordIn(f); w != "" {
		raise("locked-document", say("%q is encrypted; the text says %q", fact.File, w))
	}
}
