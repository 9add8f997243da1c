package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Change is what somebody wants to be otherwise. A nil field stays as it is.
type Change struct {
	Version        int64 // that was looked at; 0: whatever it is now
	Name           *string
	Severity       *Severity
	Status         *Status
	Owner          *Person // zero Person: nobody
	Classification *Classification
	Determination  *Determination
	Tags           *[]string
	AddTags        []string
	RemoveTags     []string
	Description    *string
	Closing        *string
}

// Apply changes an incident and says what is different. The incident is whole afterwards, or the error names the field.
func (c *Change) Apply(i *Incident, by Actor) ([]Changed, error) {
	was := *i
	set(&i.Name, c.Name)
	set(&i.Severity, c.Severity)
	set(&i.Status, c.Status)
	set(&i.Classification, c.Classification)
	set(&i.Determination, c.Determination)
	set(&i.Description, c.Description)
	set(&i.Closing, c.Closing)
	if c.Owner != nil {
		i.Owner, i.OwnerID = c.Owner.Email, c.Owner.ID
	}
	tags := slices.Clone(i.Tags)
	if c.Tags != nil {
		tags = *c.Tags
	}
	tags = append(slices.Clone(tags), c.AddTags...)
	i.Tags = tidyTags(tags, c.RemoveTags)
	if c.Classification != nil && c.Determination == nil && !Fits(i.Classification, i.Determination) {
		i.Determination = Undetermined // what it was said to be goes with the classification
	}
	i.Name, i.Description, i.Closing = strings.Join(strings.Fields(i.Name), " "), strings.TrimSpace(i.Description), strings.TrimSpace(i.Closing)
	if err := i.check(); err != nil {
		return nil, err
	}
	if i.Acknowledged.IsZero() && (i.OwnerID != "" || i.Status != Active) {
		i.Acknowledged = by.At
	}
	switch {
	case i.Status != Resolved: // reopened: the clock runs on from the start
		i.Resolved, i.ResolvedBy = time.Time{}, ""
	case was.Status != Resolved:
		i.Resolved, i.ResolvedBy = by.At, by.Email
	}
	return differences(&was, i), nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// check says what is wrong with an incident.
func (i *Incident) check() error {
	switch {
	case i.Name == "":
		return &Wrong{"name", "give the incident a name"}
	case utf8.RuneCountInString(i.Name) > MaxName:
		return &Wrong{"name", fmt.Sprintf("at most %d characters", MaxName)}
	case utf8.RuneCountInString(i.Description) > MaxDescription:
		return &Wrong{"description", fmt.Sprintf("at most %d characters", MaxDescription)}
	case utf8.RuneCountInString(i.Closing) > MaxDescription:
		return &Wrong{"closing", fmt.Sprintf("at most %d characters", MaxDescription)}
	case i.Severity < Informational || i.Severity > High:
		return &Wrong{"severity", "High, Medium, Low or Informational"}
	case !slices.Contains(Statuses(), i.Status):
		return &Wrong{"status", "Active, In progress or Resolved"}
	case len(i.Tags) > MaxTags:
		return &Wrong{"tags", fmt.Sprintf("at most %d", MaxTags)}
	case slices.ContainsFunc(i.Tags, func(t string) bool { return utf8.RuneCountInString(t) > MaxTag }):
		return &Wrong{"tags", fmt.Sprintf("at most %d characters each", MaxTag)}
	}
	known := i.Classification == NotSet || slices.ContainsFunc(Meanings(), func(m Meaning) bool { return m.Classification == i.Classification })
	switch {
	case !known:
		return &Wrong{"classification", fmt.Sprintf("there is no classification %q", string(i.Classification))}
	case i.Determination != Undetermined && !Fits(i.Classification, i.Determination):
		return &Wrong{"determination", fmt.Sprintf("%q does not go with %q", string(i.Determination), string(i.Classification))}
	case i.Status == Resolved && i.Classification == NotSet:
		return &Wrong{"classification", "say whether it was a true positive, expected activity or a false positive before it is resolved"}
	case i.Status == Resolved && i.Determination == Undetermined:
		return &Wrong{"determination", "say what it was before it is resolved"}
	}
	return nil
}

// tidyTags are tags without space around them, without doubles in any case of letters, sorted.
func tidyTags(tags, without []string) []string {
	gone := map[string]bool{"": true}
	for _, t := range without {
		gone[strings.ToLower(strings.TrimSpace(t))] = true
	}
	out := []string{}
	for _, t := range tags {
		t = strings.Join(strings.Fields(t), " ")
		if key := strings.ToLower(t); !gone[key] {
			gone[key] = true
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	})
	return out
}

func differences(was, is *Incident) (out []Changed) {
	note := func(field, a, b string) {
		if a != b {
			out = append(out, Changed{field, a, b})
		}
	}
	note("name", was.Name, is.Name)
	note("severity", was.Severity.String(), is.Severity.String())
	note("status", string(was.Status), string(is.Status))
	note("owner", was.Owner, is.Owner)
	note("classification", string(was.Classification), string(is.Classification))
	note("determination", string(was.Determination), string(is.Determination))
	note("tags", strings.Join(was.Tags, ", "), strings.Join(is.Tags, ", "))
	note("description", was.Description, is.Description)
	note("closing", was.Closing, is.Closing)
	return out
}

// Sentence says changes in words: what whoever made them did.
func Sentence(changes []Changed) string {
	parts := make([]string, len(changes))
	for n, c := range changes {
		switch {
		case c.Field == "owner" && c.Is == "":
			parts[n] = "took the owner away"
		case c.Field == "owner":
			parts[n] = "gave it to " + c.Is
		case c.Field == "name":
			parts[n] = fmt.Sprintf("renamed it to %q", c.Is)
		case c.Field == "description":
			parts[n] = "changed the description"
		case c.Field == "closing":
			parts[n] = "changed the closing words"
		case c.Field == "tags" && c.Is == "":
			parts[n] = "took all tags away"
		default:
			parts[n] = fmt.Sprintf("set the %s to %s", c.Field, c.Is)
		}
	}
	return strings.Join(parts, ", ")
}
