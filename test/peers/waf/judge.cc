// libmodsecurity over transactions on standard input, for differential tests: prints the ids of the rules that it logged.
// It does no HTTP of its own: requests come taken apart, so that both engines see the same. Arguments: rule files, in order.
// Input: texts, each a 32-bit little-endian length and its bytes. A transaction is: method, target, version ("1.1"), body,
// status of the response, body of the response, number of request header fields, of response header fields, names and values.
// Output: a line for each transaction, ids separated by spaces. With "--data" as first argument each logged match of its own, in order: the
// id, "=", and the rule's logdata in hexadecimal digits.
#include <modsecurity/modsecurity.h>
#include <modsecurity/rule_message.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

std::set<long> *logged = nullptr;
std::vector<std::pair<long, std::string>> matches;

void note(void *, const void *message) {
  if (message == nullptr || logged == nullptr) return;
  const auto *match = static_cast<const modsecurity::RuleMessage *>(message);
  logged->insert(match->m_ruleId);
  matches.emplace_back(match->m_ruleId, match->m_data);
}

bool readText(std::string *text) {
  unsigned char head[4];
  if (fread(head, 1, 4, stdin) != 4) return false;
  const uint32_t length = head[0] | head[1] << 8 | head[2] << 16 | static_cast<uint32_t>(head[3]) << 24;
  text->resize(length);
  return length == 0 || fread(&(*text)[0], 1, length, stdin) == length;
}

const unsigned char *bytes(const std::string &text) { return reinterpret_cast<const unsigned char *>(text.data()); }

}  // namespace

int main(int count, char **names) {
  modsecurity::ModSecurity engine;
  engine.setConnectorInformation("sallyport differential test");
  engine.setServerLogCb(note, modsecurity::RuleMessageLogProperty);
  modsecurity::RulesSet rules;
  const bool withData = count > 1 && std::string(names[1]) == "--data";
  for (int i = withData ? 2 : 1; i < count; i++) {
    if (rules.loadFromUri(names[i]) < 0) {
      fprintf(stderr, "%s: %s\n", names[i], rules.m_parserError.str().c_str());
      return 2;
    }
  }
  printf("ready\n");
  fflush(stdout);
  std::string method, target, version, body, status, answer, requestFields, responseFields, name, value;
  while (readText(&method)) {
    std::set<long> ids;
    logged = &ids;
    matches.clear();
    if (!readText(&target) || !readText(&version) || !readText(&body) || !readText(&status) || !readText(&answer) ||
        !readText(&requestFields) || !readText(&responseFields)) return 3;
    {
      modsecurity::Transaction transaction(&engine, &rules, nullptr);
      transaction.processConnection("127.0.0.1", 50000, "127.0.0.1", 80);
      transaction.processURI(target.c_str(), method.c_str(), version.c_str());
      for (int i = atoi(requestFields.c_str()); i > 0; i--) {
        if (!readText(&name) || !readText(&value)) return 3;
        transaction.addRequestHeader(bytes(name), name.size(), bytes(value), value.size());
      }
      transaction.processRequestHeaders();
      if (!body.empty()) transaction.appendRequestBody(bytes(body), body.size());
      transaction.processRequestBody();
      for (int i = atoi(responseFields.c_str()); i > 0; i--) {
        if (!readText(&name) || !readText(&value)) return 3;
        transaction.addResponseHeader(bytes(name), name.size(), bytes(value), value.size());
      }
      transaction.processResponseHeaders(atoi(status.c_str()), "HTTP/1.1");
      if (!answer.empty()) transaction.appendResponseBody(bytes(answer), answer.size());
      transaction.processResponseBody();
      transaction.processLogging();
    }
    logged = nullptr;
    const char *between = "";
    if (withData) {
      for (const auto &match : matches) {
        printf("%s%ld=", between, match.first);
        for (const unsigned char byte : match.second) printf("%02x", byte);
        between = " ";
      }
      ids.clear();
    }
    for (const long id : ids) {
      printf("%s%ld", between, id);
      between = " ";
    }
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
