// One process's words to all others and theirs to it, over connected sockets: once a step of a brain on several machines.
//
// A row of words travels as it is, or as the words that are not zero, each with its number: whichever is shorter. Rows of
// spikes are bits, so few units that fire are few bytes, and many are no more than their bits.
#pragma once

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

namespace spark {

struct Header {
  uint32_t turn;   // Which exchange it is: of the same step.
  uint32_t words;  // Of a whole row.
  uint32_t pairs;  // Numbers and words that follow; kWhole: the row itself.
};

constexpr uint32_t kWhole = 0xffffffffu;
constexpr int kPatience = 30 * 60 * 1000;  // Milliseconds that a peer may take for its share, which it may compile before.
constexpr int kSpins = 30;                 // Looks before the processor is given away: who spins longer keeps it from the peer.

// What is sent to each peer, or has come from one, and how far.
struct Letter {
  std::vector<char> bytes;
  size_t done = 0;
  bool whole() const { return done == bytes.size(); }
};

inline void write_letter(const uint32_t* row, uint32_t words, uint32_t turn, std::vector<char>& to) {
  to.resize(sizeof(Header) + 4 * static_cast<size_t>(words));
  char* const begin = to.data() + sizeof(Header);
  char* at = begin;
  uint32_t pairs = 0;
  for (uint32_t word = 0; word < words; ++word) {
    if (row[word] == 0) continue;
    if (2 * (++pairs) > words) break;
    memcpy(at, &word, 4);
    memcpy(at + 4, row + word, 4);
    at += 8;
  }
  if (2 * static_cast<uint64_t>(pairs) > words) {
    pairs = kWhole;
    memcpy(begin, row, 4 * static_cast<size_t>(words));
    at = begin + 4 * static_cast<size_t>(words);
  }
  const Header header = {turn, words, pairs};
  memcpy(to.data(), &header, sizeof header);
  to.resize(static_cast<size_t>(at - to.data()));
}

inline size_t body_of(const Header& header) {
  return header.pairs == kWhole ? 4 * static_cast<size_t>(header.words) : 8 * static_cast<size_t>(header.pairs);
}

inline bool fits(const Header& header, uint32_t words, uint32_t turn) {
  return header.turn == turn && header.words == words && (header.pairs == kWhole || header.pairs <= words);
}

// False where a number of a word is none of the row.
inline bool read_letter(const std::vector<char>& from, uint32_t words, uint32_t* row) {
  Header header;
  memcpy(&header, from.data(), sizeof header);
  const char* at = from.data() + sizeof header;
  if (header.pairs == kWhole) {
    memcpy(row, at, 4 * static_cast<size_t>(words));
    return true;
  }
  memset(row, 0, 4 * static_cast<size_t>(words));
  for (uint32_t pair = 0; pair < header.pairs; ++pair, at += 8) {
    uint32_t word;
    memcpy(&word, at, 4);
    if (word >= words) return false;
    memcpy(row + word, at + 4, 4);
  }
  return true;
}

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
constexpr int kSendFlags = MSG_DONTWAIT;
#endif

class Exchange {
 public:
  // Sockets by number of the process; its own is -1. Both ends count turns from the same number.
  Exchange(const int32_t* sockets, int64_t processes, uint32_t turn, const uint32_t* row, uint32_t words, uint32_t* all)
      : sockets_(sockets), processes_(processes), turn_(turn), row_(row), words_(words), all_(all), in_(static_cast<size_t>(processes)),
        sent_(static_cast<size_t>(processes), 0) {}

  // Empty, or what went wrong.
  std::string run() {
    write_letter(row_, words_, turn_, out_);
    for (int64_t peer = 0; peer < processes_; ++peer) {
      in_[peer].bytes.resize(sizeof(Header));
      if (sockets_[peer] < 0) memcpy(all_ + peer * words_, row_, 4 * static_cast<size_t>(words_));
    }
    for (int looks = 0;; ++looks) {
      bool moved = false, waits = false;
      for (int64_t peer = 0; peer < processes_; ++peer) {
        if (sockets_[peer] < 0) continue;
        if (!send_some(peer, moved) || !receive_some(peer, moved)) return why_;
        waits |= !is_done(peer);
      }
      if (!waits) return "";
      if (moved) looks = 0;
      if (looks >= kSpins && !wait()) return why_;
    }
  }

 private:
  bool is_done(int64_t peer) const { return sent_[peer] == out_.size() && complete(peer); }

  bool complete(int64_t peer) const { return in_[peer].whole() && in_[peer].bytes.empty(); }

  bool fail(int64_t peer, const std::string& what) {
    why_ = "process " + std::to_string(peer) + " " + what;
    return false;
  }

  static bool would_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

  bool send_some(int64_t peer, bool& moved) {
    if (sent_[peer] == out_.size()) return true;
    const ssize_t count = send(sockets_[peer], out_.data() + sent_[peer], out_.size() - sent_[peer], kSendFlags);
    if (count < 0) return would_wait() || fail(peer, std::string("cannot be told: ") + strerror(errno));
    sent_[peer] += static_cast<size_t>(count);
    moved = moved || count > 0;
    return true;
  }

  bool receive_some(int64_t peer, bool& moved) {
    Letter& letter = in_[peer];
    if (complete(peer)) return true;
    const ssize_t count =
        recv(sockets_[peer], letter.bytes.data() + letter.done, letter.bytes.size() - letter.done, MSG_DONTWAIT);
    if (count == 0) return fail(peer, "has ended");
    if (count < 0) return would_wait() || fail(peer, std::string("cannot be heard: ") + strerror(errno));
    letter.done += static_cast<size_t>(count);
    moved = true;
    if (!letter.whole()) return true;
    if (letter.done == sizeof(Header)) {
      Header header;
      memcpy(&header, letter.bytes.data(), sizeof header);
      if (!fits(header, words_, turn_)) return fail(peer, "is in another step, or has another brain");
      letter.bytes.resize(sizeof(Header) + body_of(header));
      if (!letter.whole()) return true;
    }
    if (!read_letter(letter.bytes, words_, all_ + peer * words_)) return fail(peer, "sent words of another brain");
    letter.bytes.clear();
    letter.done = 0;
    return true;
  }

  bool wait() {
    std::vector<pollfd> watched;
    int64_t late = -1;
    for (int64_t peer = 0; peer < processes_; ++peer) {
      if (sockets_[peer] < 0 || is_done(peer)) continue;
      const bool sends = sent_[peer] != out_.size(), hears = !complete(peer);
      watched.push_back({sockets_[peer], static_cast<short>((sends ? POLLOUT : 0) | (hears ? POLLIN : 0)), 0});
      late = peer;
    }
    const int ready = poll(watched.data(), static_cast<nfds_t>(watched.size()), kPatience);
    return ready > 0 || (ready < 0 && errno == EINTR) || fail(late, "has said nothing for half an hour");
  }

  const int32_t* sockets_;
  const int64_t processes_;
  const uint32_t turn_;
  const uint32_t* row_;
  const uint32_t words_;
  uint32_t* all_;
  std::vector<char> out_;
  std::vector<Letter> in_;
  std::vector<size_t> sent_;
  std::string why_;
};

}  // namespace spark
