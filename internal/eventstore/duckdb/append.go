package duckdb

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"tocsin/internal/event"
	"tocsin/internal/eventstore"
)

// Append implements eventstore.Store. The rows of each table go into DuckDB's appender, sorted by time, and from there
// through an anti-join into the table; one transaction holds them all.
//
// There is no index on the keys: on a wide, time-ordered table it would cost more than it saves. What is stored already is
// found by Timestamp first, within the batch's range of time: for new mail DuckDB reads nothing, for old mail in random
// order eight bytes a row. Keys are compared only where Timestamps meet.
func (s *Store) Append(ctx context.Context, b event.Batch) error {
	prepared := make([]staged, 0, len(s.tables))
	for _, t := range s.tables {
		st, err := t.stage(t.rows(&b))
		if err != nil {
			return err
		}
		if len(st.rows) > 0 {
			prepared = append(prepared, st)
		}
	}
	if len(prepared) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, func(c *duckdb.Conn) error {
		for _, st := range prepared {
			if err := st.insert(ctx, c); err != nil {
				return fmt.Errorf("append to %s: %w", st.table.name, err)
			}
		}
		return nil
	})
}

// staged are the rows of one table in a batch, ready for the appender: clean, sorted by time, none twice.
type staged struct {
	table       *table
	rows        []stagedRow
	first, last time.Time
}

type stagedRow struct {
	time   time.Time
	values []driver.Value
}

func (t *table) stage(rows reflect.Value) (staged, error) {
	st := staged{table: t}
	n := rows.Len()
	if n == 0 {
		return st, nil
	}
	st.rows = make([]stagedRow, 0, n)
	seen := make(map[string]bool, n)
	flat := make([]driver.Value, n*len(t.columns))
	for i := range n {
		values := flat[i*len(t.columns) : (i+1)*len(t.columns)]
		if err := t.encode(rows.Index(i), values); err != nil {
			return st, err
		}
		key := t.keyOf(values)
		if seen[key] {
			continue
		}
		seen[key] = true
		st.rows = append(st.rows, stagedRow{values[t.time].(time.Time), values})
	}
	slices.SortStableFunc(st.rows, func(a, b stagedRow) int { return a.time.Compare(b.time) })
	st.first, st.last = st.rows[0].time, st.rows[len(st.rows)-1].time
	return st, nil
}

func (t *table) keyOf(values []driver.Value) string {
	var b strings.Builder
	if t.byTime {
		fmt.Fprintf(&b, "%d", values[t.time].(time.Time).UnixMicro())
	}
	for _, k := range t.key {
		b.WriteByte(0) // cleaned strings hold no NUL
		b.WriteString(values[k].(string))
	}
	return b.String()
}

// encode writes row's columns into values.
func (t *table) encode(row reflect.Value, values []driver.Value) error {
	for i, c := range t.columns {
		f := row.FieldByIndex(c.field)
		switch c.kind {
		case event.String:
			values[i] = eventstore.CleanString(f.String())
		case event.Datetime:
			tm := f.Interface().(time.Time).UTC().Truncate(time.Microsecond)
			if y := tm.Year(); y < 1 || y > 9999 {
				return &eventstore.RowError{Table: t.name, Key: t.describe(row), Err: fmt.Errorf("%s is in the year %d; years 1 to 9999 can be stored", c.name, y)}
			}
			values[i] = tm
		case event.Bool:
			values[i] = f.Bool()
		case event.Int:
			values[i] = int32(f.Int())
		case event.Long:
			values[i] = f.Int()
		case event.Real:
			values[i] = f.Float()
		case event.Dynamic:
			text, err := dynamicText(f)
			if err != nil {
				return &eventstore.RowError{Table: t.name, Key: t.describe(row), Err: fmt.Errorf("%s: %w", c.name, err)}
			}
			values[i] = text
		}
	}
	return nil
}

// dynamicText is a value as JSON. Lists of strings, which all dynamic columns are so far, need no reflection; an
// absent list is an empty one.
func dynamicText(f reflect.Value) (string, error) {
	if list, ok := f.Interface().([]string); ok {
		if len(list) == 0 {
			return "[]", nil
		}
		clean := make([]string, len(list))
		for i, s := range list {
			clean[i] = eventstore.CleanString(s)
		}
		list = clean
		text, err := json.Marshal(list)
		return string(text), err
	}
	text, err := json.Marshal(f.Interface())
	return eventstore.CleanString(string(text)), err
}

// describe names a row by its key, for errors.
func (t *table) describe(row reflect.Value) string {
	parts := make([]string, len(t.key))
	for i, k := range t.key {
		parts[i] = fmt.Sprintf("%s=%q", t.columns[k].name, row.FieldByIndex(t.columns[k].field).String())
	}
	return strings.Join(parts, " ")
}

func (st staged) insert(ctx context.Context, c *duckdb.Conn) error {
	meets, err := st.stored(ctx, c)
	if err != nil {
		return err
	}
	names := make([]string, len(st.table.columns))
	for i, col := range st.table.columns {
		names[i] = col.name
	}
	a, err := duckdb.NewQueryAppender(c, st.insertSQL(meets), "staged", st.table.types, names)
	if err != nil {
		return err
	}
	for _, r := range st.rows {
		if err := a.AppendRow(r.values...); err != nil {
			// Nothing may be left to flush when the appender closes: the transaction is rolled back anyhow.
			return errors.Join(&eventstore.RowError{Table: st.table.name, Key: fmt.Sprint(r.values[st.table.key[0]]), Err: err}, a.Clear(), a.Close())
		}
	}
	return a.CloseWithCancel(ctx)
}

// stored returns the staged Timestamps (in microseconds) at which the table has rows already.
func (st staged) stored(ctx context.Context, c *duckdb.Conn) (meets []int64, err error) {
	if !st.table.byTime {
		return nil, nil
	}
	var list []byte
	var last int64
	for i, r := range st.rows {
		us := r.time.UnixMicro()
		if i > 0 && us == last {
			continue
		}
		last = us
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, us, 10)
	}
	rows, err := c.QueryContext(ctx, fmt.Sprintf(`SELECT DISTINCT epoch_us("Timestamp") FROM %s WHERE "Timestamp" >= make_timestamp(%d) AND "Timestamp" <= make_timestamp(%d)
AND "Timestamp" IN (SELECT make_timestamp(unnest(string_split(?, ',')::BIGINT[])))`, quote(st.table.name), st.first.UnixMicro(), st.last.UnixMicro()),
		[]driver.NamedValue{{Ordinal: 1, Value: string(list)}})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := make([]driver.Value, 1)
	for {
		switch err := rows.Next(row); {
		case err == io.EOF:
			return meets, nil
		case err != nil:
			return nil, err
		}
		meets = append(meets, row[0].(int64))
	}
}

// insertSQL adds the staged rows, except those whose key is stored at one of the Timestamps in meets. A table whose key has
// no message id is searched whole.
func (st staged) insertSQL(meets []int64) string {
	t := st.table
	var cols []string
	for _, c := range t.columns {
		cols = append(cols, quote(c.name))
	}
	list := strings.Join(cols, ", ")
	insert := "INSERT INTO " + quote(t.name) + " (" + list + ") SELECT " + list + " FROM staged"
	if t.byTime && len(meets) == 0 {
		return insert
	}
	var match []string
	if t.byTime {
		match = append(match, fmt.Sprintf(`t."Timestamp" >= make_timestamp(%d) AND t."Timestamp" <= make_timestamp(%d)`, slices.Min(meets), slices.Max(meets)),
			`t."Timestamp" = staged."Timestamp"`)
	}
	for _, k := range t.key {
		match = append(match, "t."+cols[k]+" = staged."+cols[k])
	}
	return insert + " WHERE NOT EXISTS (SELECT 1 FROM " + quote(t.name) + " AS t WHERE " + strings.Join(match, " AND ") + ")"
}

// Patch implements eventstore.Store. Patches of one day are one statement, with the range of time that their ids say.
func (s *Store) Patch(ctx context.Context, patches []eventstore.Patch) error {
	if len(patches) == 0 {
		return ctx.Err()
	}
	rows := make([]patchRow, 0, len(patches))
	for _, p := range patches {
		if p.At.IsZero() || p.NetworkMessageID == "" {
			return fmt.Errorf("patch of message %q for %q: needs an id and a time", p.NetworkMessageID, p.Recipient)
		}
		t, ok := eventstore.IDTime(p.NetworkMessageID)
		rows = append(rows, patchRow{p, t, ok})
	}
	// Patches of unknown time first, in one group; of the same event in the order of their time.
	slices.SortStableFunc(rows, func(a, b patchRow) int {
		return cmp.Or(a.time.Compare(b.time), cmp.Compare(a.NetworkMessageID, b.NetworkMessageID), cmp.Compare(a.Recipient, b.Recipient), a.At.Compare(b.At))
	})
	rows = mergePatches(rows)
	return s.write(ctx, func(c *duckdb.Conn) error {
		for len(rows) > 0 {
			n := 1
			for n < len(rows) && rows[n].timed == rows[0].timed && rows[n].time.Sub(rows[0].time) < 24*time.Hour {
				n++
			}
			if err := patchGroup(ctx, c, rows[:n]); err != nil {
				return fmt.Errorf("patch: %w", err)
			}
			rows = rows[n:]
		}
		return nil
	})
}

type patchRow struct {
	eventstore.Patch
	time  time.Time
	timed bool
}

// mergePatches makes one patch of several for the same event: UPDATE takes any one of several matching rows. Rows are
// sorted by event and time. An older patch still counts for the fields that later ones leave empty.
func mergePatches(rows []patchRow) []patchRow {
	out := rows[:0]
	for _, r := range rows {
		if n := len(out); n > 0 && out[n-1].NetworkMessageID == r.NetworkMessageID && out[n-1].Recipient == r.Recipient {
			r.LatestDeliveryAction = cmp.Or(r.LatestDeliveryAction, out[n-1].LatestDeliveryAction)
			r.LatestDeliveryLocation = cmp.Or(r.LatestDeliveryLocation, out[n-1].LatestDeliveryLocation)
			r.LatestThreatTypes = cmp.Or(r.LatestThreatTypes, out[n-1].LatestThreatTypes)
			r.LatestDetectionTechnologies = cmp.Or(r.LatestDetectionTechnologies, out[n-1].LatestDetectionTechnologies)
			out[n-1] = r
			continue
		}
		out = append(out, r)
	}
	return out
}

var patchTypes = func() (out []duckdb.TypeInfo) {
	for _, id := range []duckdb.Type{duckdb.TYPE_VARCHAR, duckdb.TYPE_VARCHAR, duckdb.TYPE_TIMESTAMP, duckdb.TYPE_VARCHAR, duckdb.TYPE_VARCHAR, duckdb.TYPE_BOOLEAN, duckdb.TYPE_VARCHAR, duckdb.TYPE_VARCHAR} {
		ti, err := duckdb.NewTypeInfo(id)
		if err != nil {
			panic(err)
		}
		out = append(out, ti)
	}
	return out
}()

func patchGroup(ctx context.Context, c *duckdb.Conn, rows []patchRow) error {
	where := ""
	if rows[0].timed { // an id knows its millisecond
		where = fmt.Sprintf(` AND e."Timestamp" >= make_timestamp(%d) AND e."Timestamp" < make_timestamp(%d)`,
			rows[0].time.UnixMicro(), rows[len(rows)-1].time.Add(time.Millisecond).UnixMicro())
	}
	a, err := duckdb.NewQueryAppender(c, `UPDATE "EmailEvents" AS e SET
	"LatestDeliveryAction" = CASE WHEN p.action = '' THEN e."LatestDeliveryAction" ELSE p.action END,
	"LatestDeliveryLocation" = CASE WHEN p.location = '' THEN e."LatestDeliveryLocation" ELSE p.location END,
	"LatestThreatTypes" = CASE WHEN p.judged THEN p.threats ELSE e."LatestThreatTypes" END,
	"LatestDetectionTechnologies" = CASE WHEN p.technologies = '' THEN e."LatestDetectionTechnologies" ELSE p.technologies END,
	"LastEventExecutionTime" = p.at
FROM p WHERE e."NetworkMessageId" = p.id AND e."RecipientEmailAddress" = p.recipient AND e."LastEventExecutionTime" <= p.at`+where,
		"p", patchTypes, []string{"id", "recipient", "at", "action", "location", "judged", "threats", "technologies"})
	if err != nil {
		return err
	}
	for _, r := range rows {
		threats := ""
		if r.LatestThreatTypes != nil {
			threats = *r.LatestThreatTypes
		}
		err := a.AppendRow(eventstore.CleanString(r.NetworkMessageID), eventstore.CleanString(r.Recipient), r.At.UTC().Truncate(time.Microsecond),
			eventstore.CleanString(r.LatestDeliveryAction), eventstore.CleanString(r.LatestDeliveryLocation), r.LatestThreatTypes != nil, eventstore.CleanString(threats), eventstore.CleanString(r.LatestDetectionTechnologies))
		if err != nil {
			return errors.Join(err, a.Clear(), a.Close())
		}
	}
	return a.CloseWithCancel(ctx)
}
