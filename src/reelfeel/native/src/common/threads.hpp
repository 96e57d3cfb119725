// Work shared among threads. They live for one call: a process may fork between two, and the calls
// of several threads know nothing of each other.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace reelfeel {

// Who asks for more gets so many: no machine has more use, and what grows with them stays small.
constexpr int kMostThreads = 1024;

inline int bound_threads(int num_threads) { return std::clamp(num_threads, 1, kMostThreads); }

// How many threads a crew has at most. Far more than there are cores gain nothing, and take the
// memory that the work needs: 8 MB of address space each.
inline int count_crew(int num_threads, std::int64_t num_jobs) {
    const int useful = std::max(16, 2 * int(std::thread::hardware_concurrency()));
    const int most = std::min(bound_threads(num_threads), useful);
    return int(std::clamp<std::int64_t>(num_jobs, 1, most));
}

// Numbers from 0 on, each for one thread.
class Jobs {
 public:
    explicit Jobs(std::int64_t count) : count_(count) {}

    // Returns false when none is left.
    bool take(std::int64_t& job) { return (job = next_.fetch_add(1)) < count_; }
    void cancel() { next_ = count_; }

 private:
    const std::int64_t count_;
    std::atomic<std::int64_t> next_{0};
};

// Calls work(jobs, number of the thread) in up to `num_threads` threads, and in fewer where the
// system refuses one: so the work may only depend on the jobs that it takes. An exception cancels
// what no thread has taken, and is thrown here when all have ended; the first one, of several.
template <typename Work>
void run_crew(int num_threads, std::int64_t num_jobs, Work work) {
    Jobs jobs(num_jobs);
    std::atomic<bool> has_failed{false};
    std::exception_ptr failure;
    const auto guarded = [&](int thread) noexcept {
        try {
            work(jobs, thread);
        } catch (...) {
            if (!has_failed.exchange(true)) failure = std::current_exception();
            jobs.cancel();
        }
    };
    std::vector<std::thread> others;
    try {
        const int crew = count_crew(num_threads, num_jobs);
        others.reserve(crew - 1);
        for (int thread = 1; thread < crew; ++thread) others.emplace_back(guarded, thread);
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
    guarded(0);
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
}

// How many shares `share` makes: the same for the same arguments, whatever the system refuses.
inline int count_shares(int total, int unit, int num_threads) {
    return std::max(1, std::min(bound_threads(num_threads), total / unit));
}

// Calls work(first, number, index of the share) on equal shares of `total`, each a multiple of
// `unit`, in threads.
template <typename Work>
void share(int total, int unit, int num_threads, Work work) {
    const int shares = count_shares(total, unit, num_threads);
    const std::int64_t units = total / unit;
    run_crew(shares, shares, [&](Jobs& jobs, int) {
        for (std::int64_t job; jobs.take(job);) {
            const int first = int(units * job / shares), last = int(units * (job + 1) / shares);
            work(first * unit, (last - first) * unit, int(job));
        }
    });
}

}  // namespace reelfeel
