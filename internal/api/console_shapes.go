package api

import "time"

type importInput struct {
	MailFrom   string    `query:"mail_from" maxLength:"320" doc:"Envelope sender; absent: from the headers"`
	Recipients []string  `query:"recipients" maxItems:"1000" doc:"Envelope recipients; absent: from the headers"`
	Time       time.Time `query:"time" doc:"When it arrived; absent: from the headers"`
	FileTime   time.Time `query:"file_time" doc:"Last resort when the headers have no usable time"`
	Source     string    `query:"source" maxLength:"64" default:"import"`
	RawBody    []byte    `contentType:"message/rfc822"`
}

// Imported is the receipt of one message. It is durable when the answer is there.
type Imported struct {
	NetworkMessageID string `json:"network_message_id"`
	Duplicate        bool   `json:"duplicate" doc:"The same message was there already; nothing was added"`
}

// Health is the answer of /healthz and /readyz.
type Health struct {
	Status string   `json:"status" enum:"ok,not ready"`
	Failed []string `json:"failed" doc:"What is not ready, one line each"`
}

type healthOutput struct {
	Status int
	Body   Health
}
