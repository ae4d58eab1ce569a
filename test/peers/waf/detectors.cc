// The detectors of injections inside Debian's libmodsecurity, for the differential test of ours. Input: texts, each a 32-bit little-endian
// length and its bytes. Output, a line for each: 0 or 1 and the fingerprint for SQL, 0 or 1 for markup, then the fingerprints of five
// readings (as it is, inside ' and inside ", with the comments of ANSI or MySQL: none/ANSI, none/MySQL, '/ANSI, '/MySQL, "/MySQL).
// The library exports these functions without a header of its own; the state that they fill is larger than any version needs.
#include <cstdint>
#include <cstdio>
#include <string>

extern "C" {
int libinjection_sqli(const char *text, size_t length, char *fingerprint);
int libinjection_xss(const char *text, size_t length);
void libinjection_sqli_init(void *state, const char *text, size_t length, int flags);
const char *libinjection_sqli_fingerprint(void *state, int flags);
}

int main() {
  static char state[1 << 16];
  const int readings[5] = {1 | 8, 1 | 16, 2 | 8, 2 | 16, 4 | 16};
  std::string text;
  for (;;) {
    unsigned char head[4];
    if (fread(head, 1, 4, stdin) != 4) break;
    const uint32_t length = head[0] | head[1] << 8 | head[2] << 16 | static_cast<uint32_t>(head[3]) << 24;
    text.resize(length);
    if (length > 0 && fread(&text[0], 1, length, stdin) != length) return 3;
    char fingerprint[16] = {0};
    const int sqli = libinjection_sqli(text.data(), length, fingerprint);
    printf("%d\t%s\t%d", sqli, sqli != 0 ? fingerprint : "", libinjection_xss(text.data(), length));
    for (const int flags : readings) {
      libinjection_sqli_init(state, text.data(), length, flags);
      printf("\t%s", libinjection_sqli_fingerprint(state, flags));
    }
    putchar('\n');
  }
  return 0;
}
