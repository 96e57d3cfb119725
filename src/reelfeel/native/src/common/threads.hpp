// Equal shares of a job in threads.
#pragma once

#include <algorithm>
#include <thread>
#include <vector>

namespace reelfeel {

// How many shares `share` makes.
inline int count_shares(int total, int unit, int num_threads) {
  return std::max(1, std::min(num_threads, total / unit));
}

// Calls work(first, number, index of the share) on equal shares of `total`, each a multiple of
// `unit`, in threads.
template <typename Work>
void share(int total, int unit, int num_threads, Work work) {
  const int units = total / unit, shares = count_shares(total, unit, num_threads);
  std::vector<std::thread> others;
  int first = 0;
  for (int share = 0; share < shares; ++share) {
    const int last = units * (share + 1) / shares;
    const int start = first * unit, number = (last - first) * unit;
    if (share + 1 < shares)
      others.emplace_back([=] { work(start, number, share); });
    else
      work(start, number, share);
    first = last;
  }
  for (std::thread& other : others) other.join();
}

}  // namespace reelfeel
