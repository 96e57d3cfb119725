// The time steps of inference, written once for all kernels. `Arithmetic` says how numbers are
// stored and multiplied; see float_kernel.cpp and
// bfloat16_arithmetic.hpp.
#pragma once

#include "common/vector_math.hpp"
#include "inference/tower.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

constexpr int kGateLanes = 4 * kLanes;

// Of an arithmetic that has nothing to switch on before a block and off after it.
struct NoSession {
    NoSession() {}
};

template <typename Arithmetic>
class BlockRun {
    using Number = typename Arithmetic::Number;

   public:
    BlockRun(const Tower& tower, const Block& block)
        : tower_(tower), block_(block), rows_(Arithmetic::padded_rows(block.num_rows)) {}

    void run() {
        for (std::size_t index = 0; index < tower_.layers.size(); ++index) run_layer(index);
    }

   private:
    void run_layer(std::size_t index) {
        const Layer& layer = tower_.layers[index];
        const bool is_last = index + 1 == tower_.layers.size();
        const bool reads_table = index == 0 && tower_.folded;
        const int features = reads_table ? 0 : layer.features;
        const int first_unit = Arithmetic::padded_columns(features);
        const int columns = first_unit + Arithmetic::padded_columns(layer.units);
        std::vector<Number> now(std::size_t(rows_) * columns), next(now.size());
        std::vector<float> sums(std::size_t(rows_) * kGateLanes);
        cells_.assign(std::size_t(rows_) * layer.units, 0.0f);
        bases_.resize(rows_);
        std::vector<Number> outputs;
        if (!is_last) outputs.resize(std::size_t(block_.lengths[0]) * rows_ * layer.units);
        if (is_last) start_pooling(layer.units);
        for (int step = 0; step < block_.lengths[0]; ++step) {
            const int running = rows_running(step);
            if (reads_table) {
                find_bases(step, running);
            } else {
                place_features(index, step, running, columns, now.data());
                prefetch_next(index, step, running);
            }
            for (int unit = 0; unit < layer.units; unit += kLanes) {
                if (reads_table) prefetch_bases(unit, running);
                Arithmetic::multiply(layer, unit, now.data(), rows_, running, columns, sums.data());
                for (int row = 0; row < running; ++row) {
                    const Number* base =
                        reads_table ? bases_[row] + unit * 4 : nullptr;
                    const Vector hidden = advance(layer, base, unit, row, sums.data());
                    Arithmetic::put(hidden, Arithmetic::at(next.data(), rows_, columns, row,
                                                           first_unit + unit));
                    if (is_last)
                        pool(hidden, row, unit, step);
                    else
                        Arithmetic::put(hidden, outputs.data() +
                                                    (std::size_t(step) * rows_ + row) * layer.units +
                                                    unit);
                }
            }
            std::swap(now, next);
        }
        sequence_ = std::move(outputs);
        if (is_last) finish_pooling(layer.units);
    }

    // Rows are sorted by length, so those still running are the first ones.
    int rows_running(int step) const {
        int running = block_.num_rows;
        while (block_.lengths[running - 1] <= step) --running;
        return running;
    }

    std::int32_t token_id(int row, int step) const {
        const int position = tower_.reversed ? block_.lengths[row] - 1 - step : step;
        return block_.token_ids[row][position];
    }

    const Number* table_row(int row, int step) const {
        return Arithmetic::table(tower_) + std::size_t(token_id(row, step)) * tower_.table_width();
    }

    void place_features(std::size_t index, int step, int running, int columns, Number* inputs) {
        const int features = tower_.layers[index].features;
        for (int row = 0; row < running; ++row) {
            const Number* source =
                index == 0 ? table_row(row, step)
                           : sequence_.data() + (std::size_t(step) * rows_ + row) * features;
            Arithmetic::place(source, features, inputs, rows_, columns, row);
        }
    }

    // A word's embedding comes from memory; asked for a step ahead it is not waited for.
    void prefetch_next(std::size_t index, int step, int running) const {
        if (index != 0) return;
        for (int row = 0; row < running && block_.lengths[row] > step + 1; ++row)
            prefetch(table_row(row, step + 1), tower_.table_width());
    }

    void find_bases(int step, int running) {
        for (int row = 0; row < running; ++row) bases_[row] = table_row(row, step);
    }

    // What some units add from the table comes while their product is made. A whole row asked for a
    // step ahead would be 4 KB of each text: they push the weights out of the second cache.
    void prefetch_bases(int unit, int running) const {
        for (int row = 0; row < running; ++row) prefetch(bases_[row] + unit * 4, kGateLanes);
    }

    static void prefetch(const Number* numbers, int count) {
        const char* source = reinterpret_cast<const char*>(numbers);
        for (int byte = 0; byte < count * int(sizeof(Number)); byte += 64)
            __builtin_prefetch(source + byte);
    }

    Vector advance(const Layer& layer, const Number* base, int unit, int row, const float* sums) {
        const float* sum = sums + row * kGateLanes;
        Vector gates[4];
        for (int gate = 0; gate < 4; ++gate) {
            const Vector start = base ? Arithmetic::get(base + gate * kLanes)
                                      : load(layer.bias.data() + unit * 4 + gate * kLanes);
            gates[gate] = load(sum + gate * kLanes) + start;
        }
        float* cell = cells_.data() + std::size_t(row) * layer.units + unit;
        const Vector state = Arithmetic::sigmoid(gates[1]) * load(cell) +
                             Arithmetic::sigmoid(gates[0]) * Arithmetic::tanh(gates[2]);
        store(cell, state);
        return Arithmetic::sigmoid(gates[3]) * Arithmetic::tanh(state);
    }

    void start_pooling(int units) {
        if (tower_.pooling == kLast) return;
        largest_.assign(std::size_t(rows_) * units, -2.0f);  // outputs are above -1
        total_.assign(std::size_t(rows_) * units, 0.0f);
    }

    void pool(Vector hidden, int row, int unit, int step) {
        const int units = tower_.layers.back().units;
        if (step + 1 == block_.lengths[row]) store(block_.outputs[row] + unit, hidden);
        if (tower_.pooling == kLast) return;
        float* largest = largest_.data() + std::size_t(row) * units + unit;
        float* total = total_.data() + std::size_t(row) * units + unit;
        store(largest, larger_of(load(largest), hidden));
        store(total, load(total) + hidden);
    }

    void finish_pooling(int units) {
        if (tower_.pooling == kLast) return;
        for (int row = 0; row < block_.num_rows; ++row) {
            const float share = 1.0f / float(block_.lengths[row]);
            float* output = block_.outputs[row];
            for (int unit = 0; unit < units; ++unit) {
                output[units + unit] = largest_[std::size_t(row) * units + unit];
                output[2 * units + unit] = total_[std::size_t(row) * units + unit] * share;
            }
        }
    }

    const Tower& tower_;
    const Block& block_;
    const int rows_;
    std::vector<float> cells_, largest_, total_;
    std::vector<const Number*> bases_;  // of each row, its word's row in the table
    std::vector<Number> sequence_;  // outputs of the layer before, (steps, rows, units)
};

template <typename Arithmetic>
void run_block(const Tower& tower, const Block& block) {
    const typename Arithmetic::Session session;
    BlockRun<Arithmetic>(tower, block).run();
}

// Packs all layers; replaces the embedding by the first layer's table where the tower is folded.
template <typename Arithmetic>
void prepare_tower(Tower& tower, const float* embeddings, const float* const* kernels,
                   const float* const* recurrent_kernels) {
    using Number = typename Arithmetic::Number;
    const typename Arithmetic::Session session;
    const int features = tower.features, width = tower.table_width();
    std::vector<Number>& table = Arithmetic::table_of(tower);
    table.resize(std::size_t(tower.vocabulary_size) * width);
    for (std::size_t index = 0; index < tower.layers.size(); ++index) {
        Layer& layer = tower.layers[index];
        const bool is_folded = index == 0 && tower.folded;
        Arithmetic::pack(layer, is_folded ? nullptr : kernels[index], recurrent_kernels[index]);
    }
    if (!tower.folded) {
        for (std::size_t i = 0; i < table.size(); ++i) Arithmetic::put_one(embeddings[i], &table[i]);
        return;
    }
    // The first layer without recurrence, its bias in place of the states before.
    Layer inputs_only = tower.layers[0];
    Arithmetic::pack(inputs_only, kernels[0], nullptr);
    constexpr int kRows = 64;
    const int columns = Arithmetic::padded_columns(features);
    std::vector<Number> rows(std::size_t(kRows) * columns), numbers(features);
    std::vector<float> sums(kRows * kGateLanes);
    for (int word = 0; word < tower.vocabulary_size; word += kRows) {
        const int num_words = std::min(kRows, tower.vocabulary_size - word);
        for (int row = 0; row < num_words; ++row) {
            const float* source = embeddings + std::size_t(word + row) * features;
            for (int i = 0; i < features; ++i) Arithmetic::put_one(source[i], &numbers[i]);
            Arithmetic::place(numbers.data(), features, rows.data(), kRows, columns, row);
        }
        for (int unit = 0; unit < inputs_only.units; unit += kLanes) {
            Arithmetic::multiply(inputs_only, unit, rows.data(), kRows, num_words, columns,
                                 sums.data());
            for (int row = 0; row < num_words; ++row)
                for (int lane = 0; lane < kGateLanes; lane += kLanes)
                    Arithmetic::put(load(sums.data() + row * kGateLanes + lane) +
                                        load(inputs_only.bias.data() + unit * 4 + lane),
                                    table.data() + std::size_t(word + row) * width + unit * 4 + lane);
        }
    }
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
