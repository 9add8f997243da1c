package api

import (
	"context"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/mailout"
)

func (s *Server) declareLetters() {
	add(s, auth.AuditRead, "GET /letters", asking, "Mail that Tocsin sent itself, newest first", s.letters)
}

// Letters is where Tocsin's own mail is found again.
type Letters interface {
	Page(ctx context.Context, f mailout.Filter) ([]mailout.Entry, error)
}

type lettersInput struct {
	Purpose string `query:"purpose" maxLength:"100" doc:"only letters of this purpose"`
	Cursor  string `query:"cursor" maxLength:"64" doc:"'next' of the page before; only older letters"`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// LetterPage is a page of letters.
type LetterPage struct {
	Letters []LetterLine `json:"letters"`
	Next    string       `json:"next" doc:"the cursor of the next page; empty when there is none"`
}

// LetterLine is one letter. Its text is not kept.
type LetterLine struct {
	ID      string     `json:"id"`
	Purpose string     `json:"purpose"`
	To      string     `json:"to"`
	Subject string     `json:"subject"`
	State   string     `json:"state" enum:"Waiting,Sent,Refused"`
	Error   string     `json:"error" doc:"the last answer of the mail server, when it did not take the letter"`
	Tries   int        `json:"tries"`
	Made    time.Time  `json:"made"`
	Ended   *time.Time `json:"ended"`
}

func (s *Server) letters(ctx context.Context, in *lettersInput) (*Reply[LetterPage], error) {
	page, err := s.deps.Letters.Page(ctx, mailout.Filter{Purpose: in.Purpose, Below: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := LetterPage{Letters: make([]LetterLine, len(page))}
	for i, l := range page {
		out.Letters[i] = LetterLine{ID: l.ID, Purpose: l.Purpose, To: l.To, Subject: l.Subject, State: string(l.State), Error: l.Error, Tries: l.Tries, Made: l.Made.UTC()}
		if !l.Ended.IsZero() {
			ended := l.Ended.UTC()
			out.Letters[i].Ended = &ended
		}
	}
	if n := len(page); n == in.Limit {
		out.Next = page[n-1].ID
	}
	return &Reply[LetterPage]{out}, nil
}
