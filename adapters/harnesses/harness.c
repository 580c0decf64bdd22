/* A harness in C (POSIX): it lets fencepost judge an implementation, one line of JSON in, one line out.
 *
 *     cc -o harness harness.c && fencepost check stdio:./harness
 *
 * Replace the four functions at the top by calls into your implementation, and leave the rest as it is. `fail` becomes
 * a JSON-RPC error, which the kit reports as a broken harness and not as a failed clause. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct value value; /* one value of a JSON document */
struct value {
    char kind;            /* '{', '[', '"', or the first character of a number or a word */
    char *name, *text;    /* the name of a member; the text of a string, a number or a word */
    value *first, *next;  /* of an object or a list: its entries */
};
const value *member(const value *object, const char *name);    /* NULL where there is none */
const char *text_of(const value *object, const char *name);    /* "" where there is none */
_Noreturn void fail(const char *why);

/* --- The four functions to fill in: here a small vault that knows IP rules and the default action ---------------- */

static int is_open = 1, count;
static struct { uint32_t base, mask; } ranges[4096];

static uint32_t number(const char *address) {
    struct in_addr read;
    return inet_pton(AF_INET, address, &read) == 1 ? ntohl(read.s_addr) : (fail("not an IPv4 address"), 0);
}

static const char *describe(void) {
    return "{\"protocol\":1,\"name\":\"vault in C\",\"version\":\"1.0\",\"profile\":\"keyvault\","
           "\"features\":[\"ip-rules-only\",\"decisions-only\"]}";
}

static void reset(void) { is_open = 1, count = 0; }

static const char *put_rules(const value *acls) {
    const value *list = member(acls, "ipRules");
    count = 0;
    for (const value *rule = list ? list->first : NULL; rule; rule = rule->next, count++) {
        char base[64];
        int length = 32;
        if (count == 4096 || sscanf(text_of(rule, "value"), "%63[0-9.]/%d", base, &length) < 1) fail("no such rule");
        ranges[count].mask = length ? UINT32_MAX << (32 - length) : 0;
        ranges[count].base = number(base) & ranges[count].mask;
    }
    is_open = strcmp(text_of(acls, "defaultAction"), "Deny") != 0;
    return "{\"accepted\":true}";
}

static int decide(const value *request) { /* whether it is let in */
    uint32_t address = number(text_of(member(request, "source"), "address"));
    if (is_open || strcmp(text_of(request, "plane"), "control") == 0) return 1;
    for (int place = 0; place < count; place++)
        if ((address & ranges[place].mask) == ranges[place].base) return 1;
    return 0;
}

/* --- The contract's loop ----------------------------------------------------------------------------------------- */

static jmp_buf failed;
static const char *why_failed;
_Noreturn void fail(const char *why) { why_failed = why; longjmp(failed, 1); }

const value *member(const value *object, const char *name) {
    for (const value *one = object ? object->first : NULL; one; one = one->next)
        if (one->name && strcmp(one->name, name) == 0) return one;
    return NULL;
}

const char *text_of(const value *object, const char *name) {
    const value *one = member(object, name);
    return one && one->text ? one->text : "";
}

static char *place;      /* where in the line reading is; strings are unescaped where they stand */
static value *held; static size_t used; /* the values of one line */

static char peek(void) { while (*place == ' ') place++; return *place; }
static char *string(void) {
    char *start = ++place, *end = start;
    for (; *place != '"'; place++) {
        if (*place == 0) fail("a string without an end");
        if (*place == '\\') {
            const char *known = strchr("n\nt\tr\rb\bf\f", *++place);
            if (*place == 'u') { /* beyond ASCII: no member that this harness looks at */
                unsigned code;
                if (sscanf(place + 1, "%4x", &code) != 1) fail("a wrong escape");
                *end++ = code < 128 ? (char)code : '?', place += 4;
                continue;
            }
            *end++ = known ? known[1] : *place;
        } else *end++ = *place;
    }
    place++, *end = 0;
    return start;
}

static value *read_value(void) {
    value *made = &held[used++];
    *made = (value){.kind = peek()};
    if (made->kind == '{' || made->kind == '[') {
        char close = made->kind == '{' ? '}' : ']';
        value **last = &made->first;
        for (place++; peek() != close; last = &(*last)->next) {
            if (*place == ',') place++;
            char *name = NULL;
            if (close == '}' && peek() == '"') name = string(), peek(), place++; /* and the colon */
            if (peek() == 0) fail("not JSON");
            *last = read_value(), (*last)->name = name;
        }
        place++;
    } else if (made->kind == '"') made->text = string();
    else if (place += strcspn(place, ",]} "), place == NULL || made->kind == 0) fail("not JSON");
    return made;
}

int main(void) {
    char *line = NULL, *raw = NULL;
    for (size_t size = 0; getline(&line, &size, stdin) > 0; fflush(stdout), free(raw), free(held)) {
        line[strcspn(line, "\n")] = 0, raw = strdup(line), place = line, used = 0;
        held = calloc(strlen(line) + 2, sizeof *held);
        const char *id = strstr(raw, "\"id\"");
        id = id ? id + 4 + strspn(id + 4, ": ") : "null";
        printf("{\"jsonrpc\":\"2.0\",\"id\":%.*s,", (int)(*id == '"' ? strcspn(id + 1, "\"") + 2 : strcspn(id, ",}")), id);
        if (setjmp(failed)) { printf("\"error\":{\"code\":-32000,\"message\":\"%s\"}}\n", why_failed); continue; }
        const value *call = read_value(), *params = member(call, "params");
        const char *method = text_of(call, "method");
        if (strcmp(method, "describe") == 0) printf("\"result\":%s}\n", describe());
        else if (strcmp(method, "reset") == 0) reset(), printf("\"result\":{}}\n");
        else if (strcmp(method, "putRules") == 0) printf("\"result\":%s}\n", put_rules(member(params, "networkAcls")));
        else if (strcmp(method, "shutdown") == 0) printf("\"result\":{}}\n");
        else if (strcmp(method, "decide") == 0) {
            const value *requests = member(params, "requests"), *one = requests ? requests->first : NULL;
            size_t asked = 0;
            char *outcomes = malloc(used + 1); /* all, before anything is written: a failure leaves no half answer */
            for (; one; one = one->next) outcomes[asked++] = (char)decide(one);
            printf("\"result\":{\"decisions\":[");
            for (size_t n = 0; n < asked; n++) printf("%s\"%s\"", n ? "," : "", outcomes[n] ? "allow" : "deny");
            printf("]}}\n"), free(outcomes);
        } else printf("\"error\":{\"code\":-32601,\"message\":\"no method %s\"}}\n", method);
    }
    return 0;
}
