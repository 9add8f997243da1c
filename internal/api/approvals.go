package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/internal/auth"
	"tocsin/internal/remediate"
)

func (s *Server) approvals(context.Context, *Nothing) (*Reply[ApprovalsInForce], error) {
	return &Reply[ApprovalsInForce]{s.approvalsNow()}, nil
}

func (s *Server) approvalsNow() ApprovalsInForce {
	v := s.deps.Acting.Approvals.Version()
	return ApprovalsInForce{
		Policy: approvalSettings(v.Policy), Version: v.Number, At: maybeTime(v.At), By: v.By, Reason: v.Reason, Settings: approvalSettings(s.deps.Acting.Approvals.First),
	}
}

func (s *Server) putApprovals(ctx context.Context, in *approvalsInput) (*Reply[ApprovalsInForce], error) {
	w, before := who(ctx), s.deps.Acting.Approvals.Version()
	v, err := s.deps.Acting.Approvals.Set(ctx, in.Body.Policy.Policy(), in.Body.Version, w.Name, w.Via, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	err = s.deps.Gate.Write(ctx, auth.Record{Action: auth.ActApprovals, Subject: strconv.FormatInt(v.Number, 10), Reason: v.Reason}, beforeAfter{approvalSettings(before.Policy), approvalSettings(v.Policy)})
	return &Reply[ApprovalsInForce]{s.approvalsNow()}, err
}

func (s *Server) approvalVersions(ctx context.Context, in *approvalVersionsInput) (*Reply[ApprovalVersions], error) {
	list, err := s.deps.Acting.Approvals.Store.ApprovalVersions(ctx, in.Below, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := ApprovalVersions{Versions: []ApprovalVersion{}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = list[in.Limit-1].Number
	}
	for _, v := range list {
		out.Versions = append(out.Versions, ApprovalVersion{Version: v.Number, At: v.At, By: v.By, Via: v.Via, Reason: v.Reason, Policy: approvalSettings(v.Policy)})
	}
	return &Reply[ApprovalVersions]{out}, nil
}

// simulateApproval says who would have to approve something, by name.
func (s *Server) simulateApproval(ctx context.Context, in *approvalQuestionInput) (*Reply[ApprovalAnswer], error) {
	b := &in.Body
	policy, _ := s.deps.Acting.Approvals.Policy()
	if b.Policy != nil {
		policy = b.Policy.Policy()
		if err := policy.Validate(); err != nil {
			return nil, err
		}
	}
	operators, err := s.deps.Acting.Operators(ctx)
	if err != nil {
		return nil, err
	}
	author := strings.ToLower(strings.TrimSpace(b.By))
	if author == "" && !b.Automatic {
		author = auth.From(ctx).Operator.Email
	}
	out := ApprovalAnswer{Could: []ApprovalPerson{}, Expires: int(cmp.Or(policy.Expires, remediate.DefaultExpiry) / time.Hour)}
	out.Approvals, out.Rule = policy.Need(remediate.Blast{Kind: remediate.Kind(b.Kind), Mailboxes: b.Mailboxes, Priority: b.Priority, Automatic: b.Automatic})
	for _, o := range operators {
		if o.Disabled || o.Email == author || !slices.Contains(auth.Granted(o.Roles), auth.ActionApprove) {
			continue
		}
		out.Could = append(out.Could, ApprovalPerson{Name: o.Name, Email: o.Email})
	}
	slices.SortFunc(out.Could, func(a, b ApprovalPerson) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Email, b.Email))
	})
	out.Enough = len(out.Could) >= out.Approvals
	switch {
	case out.Approvals == 0:
		out.Say = fmt.Sprintf("Nobody: it runs at once (%s).", out.Rule)
	case len(out.Could) == 0:
		out.Say = fmt.Sprintf("%s (%s), and nobody else has the role Approve: it would expire. Give it to more people.", others(out.Approvals), out.Rule)
	case !out.Enough:
		out.Say = fmt.Sprintf("%d of the people below (%s), and there are only %d: it would expire. Give the role Approve to more people.", out.Approvals, out.Rule, len(out.Could))
	default:
		out.Say = fmt.Sprintf("%d of the people below (%s).", out.Approvals, out.Rule)
	}
	return &Reply[ApprovalAnswer]{out}, nil
}

func others(n int) string {
	if n == 1 {
		return "One other person"
	}
	return fmt.Sprintf("%d other people", n)
}
