package indicator

import "context"

// Last is the number of the newest batch of changes; a Range takes such numbers.
func (d *Desk) Last(ctx context.Context) (int64, error) {
	_, last, err := d.store.Count(ctx)
	return last, err
}
