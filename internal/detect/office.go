package detect

// officeKinds are the kinds of files (email.Attachment.Kind) that package scan opens as documents: it knows whether they hold macros, whatever
// their names say.
var officeKinds = set(`doc xls ppt vsd pub ole msg encrypted-office docx docm xlsx xlsm xlsb pptx pptm vsdx odt ods odp odg rtf one`)

// detectLockedDocument finds an encrypted document when the mail speaks of a password: nobody could look into it on the way, and the reader can.
func detectLockedDocument(f *Facts, raise Raise) {
	if fact, ok := f.Files.Has("document-locked"); ok {
		if w := passwordIn(f); w != "" {
			raise("locked-document", say("%q is encrypted; the text says %q", fact.File, w))
		}
	}
}
