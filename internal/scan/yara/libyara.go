//go:build yara && cgo

package yara

/*
#cgo pkg-config: yara
#include <stdlib.h>
#include <yara.h>

extern void tocsinYaraProblem(int level, char *file, int line, void *rule, char *message, void *user);
extern int tocsinYaraMatch(void *context, int message, void *data, void *user);

static void set_problem_callback(YR_COMPILER *c, uintptr_t user) {
	yr_compiler_set_callback(c, (YR_COMPILER_CALLBACK_FUNC) tocsinYaraProblem, (void *) user);
}
static void forbid_includes(YR_COMPILER *c) { yr_compiler_set_include_callback(c, NULL, NULL, NULL); }
static int scan(YR_RULES *r, const uint8_t *b, size_t n, uintptr_t user, int seconds) {
	return yr_rules_scan_mem(r, b, n, SCAN_FLAGS_REPORT_RULES_MATCHING | SCAN_FLAGS_NO_TRYCATCH, (YR_CALLBACK_FUNC) tocsinYaraMatch, (void *) user, seconds);
}
static char *rule_name(void *rule) { return (char *) ((YR_RULE *) rule)->identifier; }
static uint32_t rules_in(YR_RULES *r) { return r->num_rules; }
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime/cgo"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Built says that this binary can match rules.
const Built = true

// Rules are compiled rules. They may be used by many goroutines until Close.
type Rules struct {
	cfg   Config
	mu    sync.RWMutex
	rules *C.YR_RULES
	n     int
}

var start = sync.OnceValue(func() error {
	if code := C.yr_initialize(); code != 0 {
		return fmt.Errorf("libyara does not start: error %d", int(code))
	}
	return nil
})

// Load compiles the rules of the folder. Files that do not compile are set aside; the error is for a folder that cannot be read.
func Load(c Config) (*Rules, []Problem, error) {
	if err := start(); err != nil {
		return nil, nil, err
	}
	c = c.withDefaults()
	files, bad, err := sources(c.Folder)
	if err != nil {
		return nil, nil, err
	}
	// A compiler that met an error is of no further use. So each file is tried on its own first.
	good := files[:0]
	for _, f := range files {
		r, problems, err := compile([]source{f})
		if err != nil {
			if len(problems) == 0 {
				problems = []Problem{{f.name, 0, err.Error()}}
			}
			bad = append(bad, problems[0])
			continue
		}
		C.yr_rules_destroy(r)
		good = append(good, f)
	}
	all, problems, err := compile(good)
	if err != nil {
		return nil, append(bad, problems...), err
	}
	return &Rules{cfg: c, rules: all, n: int(C.rules_in(all))}, bad, nil
}

func compile(files []source) (*C.YR_RULES, []Problem, error) {
	var c *C.YR_COMPILER
	if code := C.yr_compiler_create(&c); code != 0 {
		return nil, nil, fmt.Errorf("libyara: error %d", int(code))
	}
	defer C.yr_compiler_destroy(c)
	var problems []Problem
	h := cgo.NewHandle(&problems)
	defer h.Delete()
	C.set_problem_callback(c, C.uintptr_t(h))
	C.forbid_includes(c)
	for _, f := range files {
		text, name := C.CString(f.text), C.CString(f.name)
		n := C.yr_compiler_add_string(c, text, name) // the namespace: two files may use one rule name
		C.free(unsafe.Pointer(text))
		C.free(unsafe.Pointer(name))
		for i := range problems {
			problems[i].File = f.name
		}
		if n > 0 {
			return nil, problems, errors.New("it does not compile")
		}
	}
	var r *C.YR_RULES
	if code := C.yr_compiler_get_rules(c, &r); code != 0 {
		return nil, problems, fmt.Errorf("libyara: error %d", int(code))
	}
	return r, nil, nil
}

//export tocsinYaraProblem
func tocsinYaraProblem(level C.int, file *C.char, line C.int, rule unsafe.Pointer, message *C.char, user unsafe.Pointer) {
	if level == C.YARA_ERROR_LEVEL_ERROR {
		list := cgo.Handle(uintptr(user)).Value().(*[]Problem)
		*list = append(*list, Problem{Line: int(line), Text: C.GoString(message)})
	}
}

// maxNames is how many rules are named in one answer.
const maxNames = 5

//export tocsinYaraMatch
func tocsinYaraMatch(ctx unsafe.Pointer, message C.int, data, user unsafe.Pointer) C.int {
	if message == C.CALLBACK_MSG_RULE_MATCHING {
		names := cgo.Handle(uintptr(user)).Value().(*[]string)
		if *names = append(*names, C.GoString(C.rule_name(data))); len(*names) == maxNames {
			return C.CALLBACK_ABORT
		}
	}
	return C.CALLBACK_CONTINUE
}

// Name is "YARA".
func (r *Rules) Name() string { return "YARA" }

// Len returns the number of rules in use.
func (r *Rules) Len() int { return r.n }

// ReadsMail is false: rules are written for files.
func (*Rules) ReadsMail() bool { return false }

// Scan names the rules that match content, at most maxNames of them, joined by ", ".
func (r *Rules) Scan(ctx context.Context, content []byte) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	content = content[:min(len(content), r.cfg.MaxSize)]
	if len(content) == 0 {
		return "", nil
	}
	limit := r.cfg.Timeout
	if d, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(d))
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.rules == nil {
		return "", errors.New("the YARA rules were closed")
	}
	var names []string
	h := cgo.NewHandle(&names)
	defer h.Delete()
	code := C.scan(r.rules, (*C.uint8_t)(unsafe.Pointer(&content[0])), C.size_t(len(content)), C.uintptr_t(h), C.int(max(1, int(limit.Seconds()))))
	switch code {
	case C.ERROR_SUCCESS:
		return strings.Join(names, ", "), nil
	case C.ERROR_SCAN_TIMEOUT:
		return "", fmt.Errorf("YARA did not end in %s", limit)
	}
	return "", fmt.Errorf("libyara: error %d", int(code))
}

// Close frees the rules.
func (r *Rules) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rules != nil {
		C.yr_rules_destroy(r.rules)
		r.rules = nil
	}
	return nil
}
