package detect

// Technologies is the closed list, for the tests of the catalogue.
func Technologies() []Technology { return technologies }
