// Package blobstore keeps raw mail: the bytes of every message exactly as they came in, named by their SHA-256.
//
// Everything else Tocsin knows can be computed again from these bytes, so they are the one thing that must not be lost.
// They are compressed (zstd) and put into a bucket (gocloud.dev/blob): a folder on disk, or an S3-compatible service,
// chosen by its URL. Names come from content, so writing twice is harmless and reading can prove that nothing
// changed. When Put returns, a folder bucket has been fsynced, file and folders: a mail server that gets "250" after
// it may forget the message.
package blobstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

var (
	// ErrNotFound: there are no bytes under that name (never stored, or removed by retention).
	ErrNotFound = errors.New("raw mail not found")
	// ErrCorrupt: there are bytes, but they are not those that were stored.
	ErrCorrupt = errors.New("raw mail is damaged")
)

// DefaultMaxSize bounds one message, uncompressed, in octets.
const DefaultMaxSize = 256 << 20

const (
	suffix = ".eml.zst"
	// parallel writes of one PutMany. Writers mostly wait for the disk, which commits the fsyncs of many at once.
	parallel = 32
)

// Blob is one message to store.
type Blob struct {
	SHA256 string // lower-case hex of Raw
	Raw    []byte
}

// Store is an open bucket. It is safe for concurrent use.
type Store struct {
	bucket  *blob.Bucket
	folder  *folder // nil when the bucket is not a folder: then a closed writer is durable
	enc     *zstd.Encoder
	dec     *zstd.Decoder
	maxSize int64
}

// Open opens the bucket behind a URL: "file:///var/lib/tocsin/mail" (the folder is created when its parent exists),
// or any scheme whose gocloud.dev driver is linked in. A path without a scheme is a folder.
func Open(ctx context.Context, bucketURL string) (*Store, error) {
	s := &Store{maxSize: DefaultMaxSize}
	var err error
	// One encoder and one decoder serve all callers; each call of EncodeAll and DecodeAll takes a free state of theirs.
	if s.enc, err = zstd.NewWriter(nil, zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20)); err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	if s.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(DefaultMaxSize)); err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	dir, isFolder, err := folderOf(bucketURL)
	if err != nil {
		return nil, err
	}
	if !isFolder {
		if s.bucket, err = blob.OpenBucket(ctx, bucketURL); err != nil {
			return nil, fmt.Errorf("blob store: open bucket: %w", err)
		}
		return s, nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	s.bucket, err = fileblob.OpenBucket(dir, &fileblob.Options{
		NoTempDir:   true, // rename must not cross file systems
		Metadata:    fileblob.MetadataDontWrite,
		DirFileMode: 0o700,
	})
	if err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	s.folder = &folder{root: dir}
	if err := syncDir(filepath.Dir(dir)); err != nil { // the entry of the folder itself
		return nil, fmt.Errorf("blob store: %w", err)
	}
	return s, nil
}

// folderOf returns the absolute path of a folder bucket.
func folderOf(bucketURL string) (dir string, ok bool, err error) {
	if !strings.Contains(bucketURL, "://") {
		dir, err = filepath.Abs(bucketURL)
	} else {
		u, perr := url.Parse(bucketURL)
		if perr != nil {
			return "", false, fmt.Errorf("blob store: bucket URL: %w", perr)
		}
		if u.Scheme != fileblob.Scheme {
			return "", false, nil
		}
		if u.Host != "" && u.Host != "localhost" || u.Path == "" || u.RawQuery != "" {
			return "", false, fmt.Errorf("blob store: %q: a folder is written file:///absolute/path, without parameters", bucketURL)
		}
		dir, err = filepath.FromSlash(u.Path), nil
	}
	if err != nil {
		return "", false, fmt.Errorf("blob store: %w", err)
	}
	return dir, true, nil
}

// Close releases the bucket.
func (s *Store) Close() error {
	s.dec.Close()
	return errors.Join(s.enc.Close(), s.bucket.Close())
}

// key is where a message stands: ab/cd/<sha256>.eml.zst. Anything but 64 lower-case hex digits is refused, so no
// caller can reach outside the bucket.
func key(sum string) (string, error) {
	if len(sum) != 2*sha256.Size {
		return "", fmt.Errorf("%q is not the SHA-256 of a message", sum)
	}
	for _, c := range []byte(sum) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", fmt.Errorf("%q is not the SHA-256 of a message", sum)
		}
	}
	return sum[:2] + "/" + sum[2:4] + "/" + sum + suffix, nil
}

// Put stores one message. See PutMany.
func (s *Store) Put(ctx context.Context, sum string, raw []byte) error {
	return s.PutMany(ctx, []Blob{{SHA256: sum, Raw: raw}})[0]
}

// PutMany stores messages; the result has one entry for each, nil for those that are durably stored. A message that
// fails leaves nothing behind under its name. Storing again what is there replaces it by the same bytes. The caller vouches for the
// names: they are checked for form here, against the bytes on every Get.
func (s *Store) PutMany(ctx context.Context, blobs []Blob) []error {
	errs := make([]error, len(blobs))
	each(len(blobs), func(i int) {
		if err := s.write(ctx, blobs[i]); err != nil {
			errs[i] = fmt.Errorf("store raw mail: %w", err)
		}
	})
	if s.folder == nil {
		return errs
	}
	// The files are on disk; now their names. Each folder once, however many files it got.
	dirs := map[string][]int{}
	for i := range blobs {
		if errs[i] == nil {
			d := blobs[i].SHA256[:4]
			dirs[d] = append(dirs[d], i)
		}
	}
	failed := s.folder.sync(dirs)
	for d, err := range failed {
		for _, i := range dirs[d] {
			errs[i] = fmt.Errorf("store raw mail: %w", err)
		}
	}
	return errs
}

// write puts one message under its name, fsynced before it gets the name.
func (s *Store) write(ctx context.Context, b Blob) error {
	k, err := key(b.SHA256)
	if err != nil {
		return err
	}
	if int64(len(b.Raw)) > s.maxSize {
		return fmt.Errorf("message of %d octets is over the limit of %d", len(b.Raw), s.maxSize)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var file *os.File
	w, err := s.bucket.NewWriter(ctx, k, &blob.WriterOptions{
		ContentType: "application/zstd", // given, so that the driver's writer opens now and not after sniffing
		BeforeWrite: func(as func(any) bool) error {
			if s.folder != nil && !as(&file) {
				return errors.New("the bucket gives no access to its file, so it can't be fsynced")
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	_, err = w.Write(s.enc.EncodeAll(b.Raw, make([]byte, 0, len(b.Raw)/2+64)))
	if err == nil && file != nil {
		// Before the rename in Close: a power cut must not leave a short file under a name that promises its content.
		err = file.Sync()
	}
	if err != nil {
		cancel() // makes Close drop the temporary file instead of renaming it
		_ = w.Close()
		return err
	}
	return w.Close()
}

// Get returns the bytes of a message. ErrNotFound and ErrCorrupt (with what was found instead) are told apart from
// failures of the bucket, which may pass.
func (s *Store) Get(ctx context.Context, sum string) ([]byte, error) {
	k, err := key(sum)
	if err != nil {
		return nil, err
	}
	r, err := s.bucket.NewReader(ctx, k, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, sum)
	} else if err != nil {
		return nil, fmt.Errorf("read raw mail %s: %w", sum, err)
	}
	defer func() { _ = r.Close() }()
	// What zstd could not compress grows by a few bytes a block; anything larger is not ours.
	limit := s.maxSize + s.maxSize/128 + 1024
	if r.Size() > limit {
		return nil, fmt.Errorf("%w: %s: the stored file has %d octets, more than any message", ErrCorrupt, sum, r.Size())
	}
	var packed bytes.Buffer
	packed.Grow(int(r.Size()) + bytes.MinRead)
	if _, err := io.Copy(&packed, io.LimitReader(r, limit)); err != nil {
		return nil, fmt.Errorf("read raw mail %s: %w", sum, err)
	}
	raw, err := s.dec.DecodeAll(packed.Bytes(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, sum, err)
	}
	if got := sha256.Sum256(raw); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("%w: %s: the stored bytes hash to %x", ErrCorrupt, sum, got)
	}
	return raw, nil
}

// Exists reports whether there is something under the name, without reading it.
func (s *Store) Exists(ctx context.Context, sum string) (bool, error) {
	k, err := key(sum)
	if err != nil {
		return false, err
	}
	ok, err := s.bucket.Exists(ctx, k)
	if err != nil {
		return false, fmt.Errorf("look for raw mail %s: %w", sum, err)
	}
	return ok, nil
}

// Delete removes a message. Removing what is not there is no error.
func (s *Store) Delete(ctx context.Context, sum string) error {
	k, err := key(sum)
	if err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, k); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete raw mail %s: %w", sum, err)
	}
	return nil
}

// Retain removes what was stored before the given time, but not what keep wants (nil: nothing), and left-over temporary files of writers
// that died. It returns how many messages it removed, also together with an error.
func (s *Store) Retain(ctx context.Context, before time.Time, keep func(sha256 string) bool) (int, error) {
	removed := 0
	for it := s.bucket.List(nil); ; {
		obj, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return removed, nil
		} else if err != nil {
			return removed, fmt.Errorf("list raw mail: %w", err)
		}
		mail := strings.HasSuffix(obj.Key, suffix)
		stranded := strings.HasSuffix(obj.Key, ".tmp") && time.Since(obj.ModTime) > time.Hour
		if !(mail && obj.ModTime.Before(before)) && !stranded {
			continue
		}
		if mail && keep != nil && keep(strings.TrimSuffix(path.Base(obj.Key), suffix)) {
			continue
		}
		if err := s.bucket.Delete(ctx, obj.Key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return removed, fmt.Errorf("delete raw mail: %w", err)
		}
		if mail {
			removed++
		}
	}
}

// each runs f for 0..n-1, some at a time, and waits.
func each(n int, f func(i int)) {
	if n == 1 {
		f(0)
		return
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	wg.Wait()
}
