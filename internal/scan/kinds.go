package scan

// Kinds tells what each Fact.ID means, one sentence for people without jargon. A fact that speaks for a threat has the same id in the
// catalogue of package detect; the others only inform.
var Kinds = map[string]string{}
