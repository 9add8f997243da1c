package detect

// officeKinds are the kinds of files (email.Attachment.Kind) that package scan opens as documents: it knows whether they hold macros, whatever
// their names say.
var officeKinds = set(`doc xls ppt vsd pub ole msg encrypted-office docx docm xlsx xlsm xlsb pptx pptm vsdx odt ods odp odg rtf one`)
