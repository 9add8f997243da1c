package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// filling says what older rows have in a column that was added, where the zero value would be untrue.
type filling struct {
	set   string // the value, in SQL over the row
	where string // rows that get it
	after string // a statement that sets what other tables know better, over few rows; ""
}

// fillings by "Table.Column".
var fillings = map[string]filling{
	"EmailEvents.LatestThreatTypes": {set: `"ThreatTypes"`, where: `"ThreatTypes" <> ''`},
	// What later judgements found stands in their rows.
	"EmailEvents.LatestDetectionTechnologies": {set: `"DetectionTechnologies"`, where: `"DetectionTechnologies" <> ''`, after: `UPDATE "EmailEvents" AS e SET "LatestDetectionTechnologies" = p.found FROM (
		SELECT id, recipient, arg_max(found, judged) AS found FROM (
			SELECT "NetworkMessageId" AS id, "RecipientEmailAddress" AS recipient, "Timestamp" AS judged,
				CASE WHEN json_valid("DetectionMethods") THEN array_to_string(list_sort(list_distinct(json_extract_string("DetectionMethods", '$.*[*]'))), ', ') ELSE '' END AS found
			FROM "EmailPostDeliveryEvents" WHERE "ThreatTypes" <> '' AND "DetectionMethods" <> '')
		WHERE found <> '' GROUP BY id, recipient) AS p WHERE e."NetworkMessageId" = p.id AND e."RecipientEmailAddress" = p.recipient`},
	// What spoke for a threat stands in the details of older rows. Details that cannot be read leave the row without.
	"EmailEvents.Signals": {
		set:   `coalesce(array_to_string(list_transform(list_filter(json_extract("AdditionalFields", '$.signals[*]'), lambda s: try_cast(s->>'weight' AS INTEGER) > 0), lambda s: s->>'id'), ', '), '')`,
		where: `CASE WHEN json_valid("AdditionalFields") THEN json_exists("AdditionalFields", '$.signals') ELSE false END`,
	},
	"CampaignInfo.OriginalCampaignId": {set: `"CampaignId"`, where: `true`},
}

// sliceRows is about how many rows are filled in one transaction: a row group of the file.
const sliceRows = 120_000

// tellEvery is how often progress is told.
const tellEvery = 5 * time.Second

// toFill notes that a column has to be filled, in the transaction that adds it.
func toFill(ctx context.Context, tx *sql.Tx, name string) error {
	if _, ok := fillings[name]; !ok {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO tocsin_filling VALUES (?, TIMESTAMP '0001-01-01 00:00:00')`, name)
	return err
}

// fill fills what was noted, slice by slice from the oldest rows on. How far it came is kept with each slice, so that a start that is broken
// off is gone on with by the next.
func fill(ctx context.Context, conn *sql.Conn, log *slog.Logger) error {
	rows, err := conn.QueryContext(ctx, `SELECT name, upto FROM tocsin_filling ORDER BY name`)
	if err != nil {
		return err
	}
	type pending struct {
		name string
		upto time.Time
	}
	var todo []pending
	for rows.Next() {
		var p pending
		if err := rows.Scan(&p.name, &p.upto); err != nil {
			return errors.Join(err, rows.Close())
		}
		todo = append(todo, p)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, p := range todo {
		if f, ok := fillings[p.name]; ok { // a later version may have noted others
			if err := f.run(ctx, conn, p.name, p.upto, log); err != nil {
				return fmt.Errorf("fill %s: %w", p.name, err)
			}
		}
	}
	return nil
}

func (f *filling) run(ctx context.Context, conn *sql.Conn, name string, upto time.Time, log *slog.Logger) error {
	table, column, _ := strings.Cut(name, ".")
	slices, total, err := slicesOf(ctx, conn, table, upto)
	if err != nil {
		return err
	}
	started := time.Now()
	told, done := started, int64(0)
	if total > sliceRows {
		log.Info("a new column is filled from what is stored; this is done once, and Tocsin starts after it", "column", name, "rows", total)
	}
	for _, s := range slices {
		err := inTx(ctx, conn, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE "+quote(table)+" SET "+quote(column)+" = "+f.set+` WHERE "Timestamp" >= ? AND "Timestamp" < ? AND (`+f.where+")", s.from, s.to); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `UPDATE tocsin_filling SET upto = ? WHERE name = ?`, s.to, name)
			return err
		})
		if err != nil {
			return err
		}
		if done += s.rows; time.Since(told) >= tellEvery {
			told = time.Now()
			log.Info("a new column is being filled", "column", name, "rows", done, "of", total)
		}
	}
	err = inTx(ctx, conn, func(tx *sql.Tx) error {
		if f.after != "" {
			if _, err := tx.ExecContext(ctx, f.after); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM tocsin_filling WHERE name = ?`, name)
		return err
	})
	if err == nil && total > sliceRows {
		log.Info("a new column is filled", "column", name, "rows", done, "took", time.Since(started).Round(time.Millisecond))
	}
	return err
}

type slice struct {
	from, to time.Time
	rows     int64
}

// slicesOf cuts the rows from a time on at full hours, so that slices have about sliceRows rows.
func slicesOf(ctx context.Context, conn *sql.Conn, table string, upto time.Time) (out []slice, total int64, err error) {
	rows, err := conn.QueryContext(ctx, `SELECT date_trunc('hour', "Timestamp") AS hour, count(*) FROM `+quote(table)+` WHERE "Timestamp" >= ? GROUP BY hour ORDER BY hour`, upto)
	if err != nil {
		return nil, 0, err
	}
	for rows.Next() {
		var hour time.Time
		var n int64
		if err := rows.Scan(&hour, &n); err != nil {
			return nil, 0, errors.Join(err, rows.Close())
		}
		total += n
		if last := len(out) - 1; last >= 0 && out[last].rows < sliceRows {
			out[last].to, out[last].rows = hour.Add(time.Hour), out[last].rows+n
			continue
		}
		from := hour
		if from.Before(upto) {
			from = upto
		}
		out = append(out, slice{from, hour.Add(time.Hour), n})
	}
	return out, total, errors.Join(rows.Err(), rows.Close())
}

func inTx(ctx context.Context, conn *sql.Conn, f func(*sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
