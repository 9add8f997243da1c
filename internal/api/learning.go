package api

import (
	"context"
	"errors"
	"time"

	"tocsin/internal/detect"
)

// Learner is the local model's keeper.
type Learner interface {
	// Label records what the principal, or the reporter that is named, says of a message: "phish", "spam", "good"; "" takes it back.
	Label(ctx context.Context, nmid, label, reporter string) error
	Status(ctx context.Context) (Learning, error)
	Train(ctx context.Context, force bool) ([]string, error)
	Activate(ctx context.Context, threat detect.Threat, why string) (string, error)
	Reset(ctx context.Context, everything bool, why string) error
}

// What a Learner answers.
var (
	ErrNoMessage    = errors.New("there is no such message, or it is older than what is kept")
	ErrNoModel      = errors.New("there is no trained model")
	ErrModelRefused = errors.New("the model may not speak")
)

// Learning is what there is to learn from, and what was learned.
type Learning struct {
	Collecting bool           `json:"collecting" doc:"Features of delivered mail are kept"`
	Activates  bool           `json:"activates" doc:"A model that passes its check speaks without a person's word"`
	Examples   int64          `json:"examples" doc:"Messages whose features are kept"`
	Phish      int64          `json:"phish" doc:"Messages that somebody called phish"`
	Spam       int64          `json:"spam"`
	Good       int64          `json:"good"`
	NeedBad    int            `json:"need_bad" doc:"Messages called bad that a first training needs"`
	NeedGood   int            `json:"need_good" doc:"Good messages, labelled or delivered and not reported"`
	NeedNew    int            `json:"need_new" doc:"New labels after which it is trained again by itself"`
	Quiet      int            `json:"quiet_hours" doc:"Delivered mail that nobody reported for so long counts as good"`
	Most       float64        `json:"most_false_positives" doc:"Percent of delivered and unreported mail that a model may find and still pass its check"`
	Models     []LearnedModel `json:"models" doc:"The active one and the one in shadow, of each threat"`
}

// LearnedModel is one trained model.
type LearnedModel struct {
	Threat   string    `json:"threat" enum:"Phish,Spam"`
	State    string    `json:"state" enum:"active,shadow"`
	Trained  time.Time `json:"trained"`
	Bad      int       `json:"bad" doc:"Examples"`
	Good     int       `json:"good"`
	Features int       `json:"features"`
	Passed   bool      `json:"passed" doc:"It passed its last false-positive check"`
	Check    string    `json:"check" doc:"What that check found"`
}

type labelInput struct {
	ID   string `path:"nmid" format:"uuid" doc:"Network message id"`
	Body struct {
		Label    string `json:"label" enum:"phish,spam,good,none" doc:"none takes back what was said"`
		Reporter string `json:"reporter,omitempty" maxLength:"320" doc:"The person who reported it, when it is not the caller's own judgement"`
	}
}

type learnInput struct {
	Body struct {
		Threat string `json:"threat" enum:"Phish,Spam"`
		Reason string `json:"reason,omitempty" maxLength:"1000"`
	}
}

type learnResetInput struct {
	Body struct {
		Everything bool   `json:"everything" doc:"Also the examples and labels, not only the models"`
		Reason     string `json:"reason,omitempty" maxLength:"1000"`
	}
}

// LearnedWords is what happened, a line each.
type LearnedWords struct {
	Said []string `json:"said"`
}

func (s *Server) emailLabel(ctx context.Context, in *labelInput) (*Nothing, error) {
	label := in.Body.Label
	if label == "none" {
		label = ""
	}
	return &Nothing{}, s.deps.Learner.Label(ctx, in.ID, label, in.Body.Reporter)
}

func (s *Server) learning(ctx context.Context, _ *Nothing) (*Reply[Learning], error) {
	out, err := s.deps.Learner.Status(ctx)
	return &Reply[Learning]{out}, err
}

func (s *Server) learningTrain(ctx context.Context, _ *Nothing) (*Reply[LearnedWords], error) {
	said, err := s.deps.Learner.Train(ctx, true)
	return &Reply[LearnedWords]{LearnedWords{list(said)}}, err
}

func (s *Server) learningActivate(ctx context.Context, in *learnInput) (*Reply[LearnedWords], error) {
	said, err := s.deps.Learner.Activate(ctx, detect.Threat(in.Body.Threat), in.Body.Reason)
	return &Reply[LearnedWords]{LearnedWords{[]string{said}}}, err
}

func (s *Server) learningReset(ctx context.Context, in *learnResetInput) (*Nothing, error) {
	return &Nothing{}, s.deps.Learner.Reset(ctx, in.Body.Everything, in.Body.Reason)
}
