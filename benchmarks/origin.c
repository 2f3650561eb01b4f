/* The web of the benchmarks: one process, one thread, one epoll, and every address of 127.1.0.0/16 a host.
 *
 * It is C because whatever answers has to be far faster than both programs that ask it, on the same two cores: what it
 * needs for a request is what it takes away from them. What becomes of a request depends on address and path alone, so
 * both programs meet the same world, in whatever order they ask.
 *
 *     origin SIZE MEDIAN_MS SLOW_MS TROUBLE [CA_FILE]
 *
 * SIZE is the length of a page, MEDIAN_MS the median over all hosts of how long an answer takes (0: none waits), SLOW_MS
 * what some links take longer, TROUBLE 0 or 1. With CA_FILE it speaks TLS, with a certificate for each address, and
 * writes there who signed them. It prints its port. Each line on standard input is answered by one with the counts since the
 * last; when standard input ends, so does it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#else
typedef void SSL;
#endif

enum { HOSTS = 1 << 16, LIMITED = 1 << 16, INPUT = 8192, HEAD_BYTES = 512, EVENTS = 512 };
enum outcome { PAGE, SLOW, SILENT, MISSING, LIMIT, MOVED };

/* Shares of a thousand links, in the order of `outcome` after PAGE. */
static const int SHARES[] = {10, 10, 20, 10, 50};
/* What is asked again so long after a 429 is answered; a client that waits for the second it was told does. */
static const double LIMIT_SECONDS = 0.9;

struct host {
    double asked_at, least_gap;
    int under_way, most_at_once;
};

struct connection {
    int fd;
    uint16_t host;
    bool waiting, writes, timed;
    SSL *tls;
    size_t held;
    const char *out;
    size_t left;
    char in[INPUT];
    char head[HEAD_BYTES];
};

struct timer {
    double at;
    struct connection *connection;
};

static struct {
    double median, slow;
    bool trouble;
    size_t size;
} world;
static struct {
    long requests, heads, robots, connections;
} counts;
static struct host hosts[HOSTS];
static struct { uint64_t key; double at; } limited[LIMITED];
static struct timer *timers;
static size_t timer_count, timer_room;
static char *page;
static size_t page_head;
static int loop;
static double since_cpu;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* --- the same dice for everybody ---------------------------------------------------------------- */

static uint64_t mixed(uint64_t x) { /* splitmix64 */
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t key_of(uint16_t host, const char *path, size_t length) { /* FNV-1a */
    uint64_t key = 0xcbf29ce484222325u ^ mixed(host);
    for (size_t i = 0; i < length; i++) key = (key ^ (unsigned char)path[i]) * 0x100000001b3u;
    return mixed(key);
}

static double uniform(uint64_t key) { return ((key >> 11) + 0.5) / 9007199254740992.0; }

static double normal(uint64_t key) { /* Box and Muller */
    return sqrt(-2 * log(uniform(mixed(key)))) * cos(6.283185307179586 * uniform(mixed(key + 1)));
}

static double latency(uint16_t host, uint64_t key) {
    if (world.median == 0) return 0;
    return world.median * exp(0.5 * normal(mixed(host) ^ 1)) * exp(0.3 * normal(key));
}

static enum outcome outcome_of(uint64_t key) {
    int dice = (int)(mixed(key ^ 2) % 1000);
    if (!world.trouble) return PAGE;
    for (int i = 0; i < 5; i++)
        if ((dice -= SHARES[i]) < 0) return (enum outcome)(i + 1);
    return PAGE;
}

static bool is_limited(uint64_t key, double at) {
    uint64_t slot = key % LIMITED;
    while (limited[slot].key && limited[slot].key != key) slot = (slot + 1) % LIMITED;
    if (!limited[slot].key) limited[slot].key = key, limited[slot].at = at;
    return at - limited[slot].at < LIMIT_SECONDS;
}

/* --- TLS ---------------------------------------------------------------------------------------- */

#ifdef TLS
static SSL_CTX *tls;
static EVP_PKEY *key, *ca_key;
static X509 *ca, *certificates[HOSTS];

static X509 *certificate(const char *name, const char *extension, int nid, X509 *issuer) {
    static long serial = 1;
    X509 *made = X509_new();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made), 86400);
    X509_NAME *subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made, issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(made, issuer ? key : ca_key);
    X509_EXTENSION *more = X509V3_EXT_conf_nid(NULL, NULL, nid, extension);
    X509_add_ext(made, more, -1);
    X509_EXTENSION_free(more);
    X509_sign(made, ca_key, EVP_sha256());
    return made;
}

static void start_tls(const char *file) {
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    key = EVP_EC_gen("P-256"), ca_key = EVP_EC_gen("P-256");
    ca = certificate("Benchmarks", "critical,CA:TRUE", NID_basic_constraints, NULL);
    FILE *out = fopen(file, "w");
    if (!out || !PEM_write_X509(out, ca) || fclose(out)) fail(file);
}

static SSL *tls_for(int fd, uint16_t host) {
    if (!certificates[host]) {
        char name[40];
        snprintf(name, sizeof name, "IP:127.1.%d.%d", host >> 8, host & 255);
        certificates[host] = certificate(name + 3, name, NID_subject_alt_name, ca);
    }
    SSL *one = SSL_new(tls);
    SSL_use_certificate(one, certificates[host]);
    SSL_use_PrivateKey(one, key);
    SSL_set_fd(one, fd);
    SSL_set_accept_state(one);
    return one;
}

/* A count of bytes, 0 at the end, or -1 with errno as the plain calls have it. */
static ssize_t tls_result(SSL *one, int done) {
    if (done > 0) return done;
    int error = SSL_get_error(one, done);
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}
#endif

static ssize_t receive(struct connection *one, void *to, size_t room) {
#ifdef TLS
    if (one->tls) return tls_result(one->tls, SSL_read(one->tls, to, (int)room));
#endif
    return recv(one->fd, to, room, 0);
}

static ssize_t send_some(struct connection *one) {
#ifdef TLS
    if (one->tls) return tls_result(one->tls, SSL_write(one->tls, one->out, (int)one->left));
#endif
    return send(one->fd, one->out, one->left, MSG_NOSIGNAL);
}

/* --- what waits for its time -------------------------------------------------------------------- */

static void later(struct connection *one, double at) {
    if (timer_count == timer_room)
        timers = realloc(timers, (timer_room = timer_room ? 2 * timer_room : 1024) * sizeof *timers);
    size_t i = timer_count++;
    for (size_t up; i && timers[up = (i - 1) / 2].at > at; i = up) timers[i] = timers[up];
    timers[i] = (struct timer){at, one};
    one->timed = true;
}

static struct connection *first_timer(void) {
    struct connection *one = timers[0].connection;
    struct timer last = timers[--timer_count];
    size_t i = 0;
    for (size_t down; (down = 2 * i + 1) < timer_count; i = down) {
        if (down + 1 < timer_count && timers[down + 1].at < timers[down].at) down++;
        if (timers[down].at >= last.at) break;
        timers[i] = timers[down];
    }
    timers[i] = last;
    return one;
}

/* --- connections -------------------------------------------------------------------------------- */

static void part(struct connection *one) {
#ifdef TLS
    if (one->tls) SSL_free(one->tls);
#endif
    close(one->fd);
    if (one->waiting) hosts[one->host].under_way--;
    one->fd = -1;
    if (!one->timed) free(one); /* else whoever waits for its time does it */
}

static void watch(struct connection *one, bool writes) {
    if (one->writes == writes) return;
    one->writes = writes;
    struct epoll_event event = {EPOLLIN | (writes ? EPOLLOUT : 0), {.ptr = one}};
    epoll_ctl(loop, EPOLL_CTL_MOD, one->fd, &event);
}

/* Whether the connection is still there. */
static bool flush(struct connection *one) {
    while (one->left) {
        ssize_t sent = send_some(one);
        if (sent < 0 && errno == EAGAIN) break;
        if (sent <= 0) return part(one), false;
        one->out += sent, one->left -= (size_t)sent;
    }
    watch(one, one->left > 0);
    return true;
}

static bool answer(struct connection *one) {
    hosts[one->host].under_way--;
    one->waiting = false;
    return flush(one);
}

static void say(struct connection *one, const char *status, const char *header) {
    int length = snprintf(one->head, HEAD_BYTES, "HTTP/1.1 %s\r\nServer: loopback\r\n%sContent-Length: 0\r\n\r\n", status, header);
    one->out = one->head, one->left = (size_t)length;
}

static void note(struct host *host, double at) {
    if (host->asked_at && (!host->least_gap || at - host->asked_at < host->least_gap)) host->least_gap = at - host->asked_at;
    host->asked_at = at;
    if (++host->under_way > host->most_at_once) host->most_at_once = host->under_way;
}

/* Choose the answer to a request; the seconds until it goes out, or -1 for never. */
static double choose(struct connection *one, const char *path, size_t length, bool head, double at) {
    uint64_t key = key_of(one->host, path, length);
    char header[HEAD_BYTES / 2];
    one->out = page, one->left = head ? page_head : page_head + world.size;
    if (length == 11 && !memcmp(path, "/robots.txt", 11)) {
        counts.robots++;
        return say(one, "404 Not Found", ""), latency(one->host, key);
    }
    if (length > 7 && !memcmp(path, "/moved/", 7)) return latency(one->host, key);
    switch (outcome_of(key)) {
    case PAGE: break;
    case SLOW: return latency(one->host, key) + world.slow;
    case SILENT: return -1;
    case MISSING: say(one, "404 Not Found", ""); break;
    case LIMIT:
        if (is_limited(key, at)) say(one, "429 Too Many Requests", "Retry-After: 1\r\n");
        break;
    case MOVED:
        snprintf(header, sizeof header, "Location: /moved%.*s\r\n", (int)length, path);
        say(one, "301 Moved Permanently", header);
    }
    return latency(one->host, key);
}

/* Whether the connection is still there. What comes after a request waits until that is answered. */
static bool take_request(struct connection *one) {
    while (!one->waiting && !one->left) {
        char *end = memmem(one->in, one->held, "\r\n\r\n", 4);
        if (!end) return one->held < INPUT || (part(one), false);
        char *path = memchr(one->in, ' ', one->held), *after = path ? memchr(path + 1, ' ', (size_t)(end - path)) : NULL;
        if (!after) return part(one), false;
        bool head = !memcmp(one->in, "HEAD ", 5);
        double at = now();
        counts.requests++, counts.heads += head;
        note(&hosts[one->host], at);
        one->waiting = true;
        double wait = choose(one, path + 1, (size_t)(after - path - 1), head, at);
        size_t rest = one->held - (size_t)(end + 4 - one->in);
        memmove(one->in, end + 4, one->held = rest);
        if (wait < 0) return true;
        if (wait > 0) return later(one, at + wait), true;
        if (!answer(one)) return false;
    }
    return true;
}

static void serve(struct connection *one, uint32_t events) {
    if (events & EPOLLOUT && !one->waiting && (!flush(one) || !take_request(one))) return;
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    for (;;) {
        ssize_t got = receive(one, one->in + one->held, INPUT - one->held);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) return part(one);
        one->held += (size_t)got;
        if (!take_request(one)) return;
    }
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct sockaddr_in address;
        socklen_t length = sizeof address;
        int yes = 1;
        getsockname(fd, (struct sockaddr *)&address, &length);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct connection *one = calloc(1, sizeof *one);
        one->fd = fd, one->host = (uint16_t)ntohl(address.sin_addr.s_addr);
#ifdef TLS
        if (tls) one->tls = tls_for(fd, one->host);
#endif
        counts.connections++;
        struct epoll_event event = {EPOLLIN, {.ptr = one}};
        epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listen_everywhere(void) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_ANY)}};
    socklen_t length = sizeof any;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&any, length) || listen(listener, 65535)) fail("listen");
    getsockname(listener, (struct sockaddr *)&any, &length);
    printf("%d\n", ntohs(any.sin_port));
    fflush(stdout);
    return listener;
}

/* --- counts ------------------------------------------------------------------------------------- */

static void tell(void) {
    double least = INFINITY;
    int most = 0, met = 0;
    for (int i = 0; i < HOSTS; i++) {
        if (hosts[i].least_gap && hosts[i].least_gap < least) least = hosts[i].least_gap;
        if (hosts[i].most_at_once > most) most = hosts[i].most_at_once;
        met += hosts[i].asked_at > 0;
        int under_way = hosts[i].under_way;
        hosts[i] = (struct host){.under_way = under_way};
    }
    printf("{\"requests\": %ld, \"heads\": %ld, \"robots\": %ld, \"connections\": %ld, \"hosts\": %d, ", counts.requests,
           counts.heads, counts.robots, counts.connections, met);
    printf("\"least_gap\": %.6f, \"most_at_once\": %d, \"processor\": %.6f}\n", isinf(least) ? -1 : least, most, cpu() - since_cpu);
    fflush(stdout);
    memset(&counts, 0, sizeof counts);
    memset(limited, 0, sizeof limited);
    since_cpu = cpu();
}

static void hear(void) {
    char line[256];
    ssize_t got = read(0, line, sizeof line);
    if (got <= 0) exit(0);
    for (ssize_t i = 0; i < got; i++)
        if (line[i] == '\n') tell();
}

/* --- the loop ----------------------------------------------------------------------------------- */

static void answer_due(void) {
    for (double at = now(); timer_count && timers[0].at <= at;) {
        struct connection *one = first_timer();
        one->timed = false;
        if (one->fd < 0)
            free(one);
        else if (answer(one) && one->held)
            take_request(one);
    }
}

static void run(int listener) {
    struct epoll_event events[EVENTS];
    for (;;) {
        double wait = timer_count ? ceil(fmax(0, timers[0].at - now()) * 1000) : -1;
        int count = epoll_wait(loop, events, EVENTS, (int)wait);
        for (int i = 0; i < count; i++) {
            struct connection *one = events[i].data.ptr;
            if (!one)
                hear();
            else if (one == (void *)&loop)
                accept_all(listener);
            else
                serve(one, events[i].events);
        }
        answer_due();
    }
}

static void make_page(size_t size) {
    page = malloc(HEAD_BYTES + size);
    page_head = (size_t)sprintf(page, "HTTP/1.1 200 OK\r\nServer: loopback\r\nContent-Type: text/html; charset=utf-8\r\n"
                                      "Content-Length: %zu\r\n\r\n", size);
    memset(page + page_head, 'x', size);
    const char *start = "<!doctype html><html><head><title>A page of the benchmarks</title></head><body><p>";
    memcpy(page + page_head, start, strlen(start) < size ? strlen(start) : size);
}

int main(int count, char **given) {
    if (count < 5) return fprintf(stderr, "usage: origin SIZE MEDIAN_MS SLOW_MS TROUBLE [CA_FILE]\n"), 2;
    world.size = strtoul(given[1], NULL, 10), world.median = atof(given[2]) / 1000;
    world.slow = atof(given[3]) / 1000, world.trouble = atoi(given[4]);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    make_page(world.size);
    loop = epoll_create1(0);
#ifdef TLS
    if (count > 5) start_tls(given[5]);
#endif
    int listener = listen_everywhere();
    struct epoll_event connecting = {EPOLLIN, {.ptr = &loop}}, asking = {EPOLLIN, {.ptr = NULL}};
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &connecting);
    epoll_ctl(loop, EPOLL_CTL_ADD, 0, &asking);
    since_cpu = cpu();
    run(listener);
}
