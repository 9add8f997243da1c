package ingest

import (
	"net/netip"
	"time"

	"github.com/riverqueue/river"

	"tocsin/internal/casestore"
)

// Queue is the name of the job queue that judges mail.
const Queue = "mail"

// Job is what has to be judged: the durable half of an accepted message. Its JSON is in the database of installations
// that are upgraded: add fields, never change their meaning.
type Job struct {
	SHA256           string            `json:"sha256"`
	NetworkMessageID string            `json:"id"`
	Time             int64             `json:"time"` // microseconds since 1970 UTC
	Source           string            `json:"source,omitempty"`
	ClientIP         netip.Addr        `json:"client_ip,omitzero"`
	OwnClient        bool              `json:"own_client,omitempty"`
	Helo             string            `json:"helo,omitempty"`
	MailFrom         string            `json:"mail_from,omitempty"`
	MailFromKnown    bool              `json:"mail_from_known,omitempty"`
	TLS              string            `json:"tls,omitempty"`
	Recipients       []string          `json:"recipients,omitempty"`
	Lists            map[string]string `json:"lists,omitempty"`
	Forwards         map[string]string `json:"forwards,omitempty"`
	Defects          []string          `json:"defects,omitempty"`
	ClientName       string            `json:"client_name,omitempty"`
	AuthUser         string            `json:"auth_user,omitempty"`
	QueueID          string            `json:"queue_id,omitempty"`
	Otherwise        *Decision         `json:"otherwise,omitempty"`
	OutOfReach       bool              `json:"out_of_reach,omitempty"`
}

// Kind names the job in the database.
func (Job) Kind() string { return "judge" }

// InsertOpts puts the job into its queue. The attempts are without practical limit: a store that is down for a week
// must not cost a message. (A job that harms the process is caught otherwise, see Pipeline.)
func (Job) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: 30_000}
}

func newJob(a *admission, ad casestore.Admission) Job {
	return Job{
		SHA256: a.sum, NetworkMessageID: ad.NetworkMessageID, Time: ad.Time.UnixMicro(),
		Source: a.env.Source, ClientIP: a.env.ClientIP, OwnClient: a.env.OwnClient, Helo: a.env.Helo,
		MailFrom: a.env.MailFrom, MailFromKnown: a.env.MailFromKnown, TLS: a.env.TLS,
		Recipients: ad.New, Lists: a.env.Lists, Forwards: a.env.Forwards, Defects: a.env.Defects,
		ClientName: a.env.ClientName, AuthUser: a.env.AuthUser, QueueID: a.env.QueueID, Otherwise: a.env.Otherwise, OutOfReach: a.env.OutOfReach,
	}
}

func (j *Job) at() time.Time { return time.UnixMicro(j.Time).UTC() }
