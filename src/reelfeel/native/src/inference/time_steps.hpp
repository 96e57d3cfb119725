// The time steps of inference, written once for all kernels. `Arithmetic` says how numbers are
// stored and multiplied; see float32_kernel.cpp and bfloat16_arithmetic.hpp.
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

// What an LSTM keeps from one step to the next, of the units in a register.
struct States {
    Part cell, hidden;
};

inline void prefetch(const void* numbers, std::size_t num_bytes) {
    const char* source = static_cast<const char*>(numbers);
    for (std::size_t byte = 0; byte < num_bytes; byte += 64) __builtin_prefetch(source + byte);
}

// One layer of a tower over all steps of a block.
template <typename Arithmetic>
class LayerRun {
    using Number = typename Arithmetic::Number;

 public:
    // `inputs`: what the layer before gave, (steps, rows, units); nothing for the first one.
    LayerRun(const Tower& tower, const Block& block, std::size_t index, const Number* inputs)
        : tower_(tower),
          block_(block),
          layer_(tower.layers[index]),
          inputs_(inputs),
          reads_rows_(index == 0 && tower.folded),
          is_last_(index + 1 == tower.layers.size()),
          pools_(is_last_ && tower.pooling != kLast),
          num_slots_(pools_ ? 3 : 1),
          rows_(Arithmetic::padded_rows(block.num_rows)),
          first_unit_(reads_rows_ ? 0 : Arithmetic::padded_columns(layer_.features)),
          columns_(first_unit_ + Arithmetic::padded_columns(layer_.units)) {
        const std::size_t size = std::size_t(rows_) * columns_;
        // Columns that only fill a tile stay at 0.
        now_ = zeros<Number>(size);
        next_ = zeros<Number>(size);
        sums_ = Buffer<float>(std::size_t(rows_) * kGateLanes);
        bases_ = Buffer<const Number*>(rows_);
        start_states();
    }

    // Returns the outputs of all steps, (steps, rows, units), where a layer follows.
    Buffer<Number> run() {
        if (!is_last_)
            outputs_ = Buffer<Number>(std::size_t(block_.lengths[0]) * rows_ * layer_.units);
        for (int step = 0; step < block_.lengths[0]; ++step) run_step(step);
        if (pools_) finish_pooling();
        return std::move(outputs_);
    }

 private:
    template <typename Any>
    static Buffer<Any> zeros(std::size_t size) {
        Buffer<Any> numbers(size);
        std::memset(numbers.data(), 0, size * sizeof(Any));
        return numbers;
    }

    void run_step(int step) {
        const int running = rows_running(step), still_running = rows_running(step + 1);
        if (reads_rows_)
            find_bases(step, running);
        else
            place_inputs(step, running);
        for (int unit = 0; unit < layer_.units; unit += kLanes) {
            if (reads_rows_) prefetch_bases(unit, running);
            Arithmetic::multiply(layer_, unit, now_.data(), rows_, running, columns_, sums_.data());
            for (int row = 0; row < running; ++row) {
                float* ending = is_last_ && row >= still_running ? block_.outputs[row] : nullptr;
                advance(unit, row, ending);
            }
            if (!is_last_) keep_outputs(unit, step, running);
        }
        std::swap(now_, next_);
    }

    // Rows are sorted by length, so those still running are the first ones.
    int rows_running(int step) const {
        int running = block_.num_rows;
        while (running > 0 && block_.lengths[running - 1] <= step) --running;
        return running;
    }

    std::int32_t token_id(int row, int step) const {
        const int position = tower_.reversed ? block_.lengths[row] - 1 - step : step;
        return block_.token_ids[row][position];
    }

    void place_inputs(int step, int running) {
        for (int row = 0; row < running; ++row) {
            if (inputs_) {
                const std::size_t place = (std::size_t(step) * rows_ + row) * layer_.features;
                Arithmetic::place(inputs_ + place, layer_.features, now_.data(), rows_, columns_,
                                  row);
                continue;
            }
            Arithmetic::place_word(tower_, token_id(row, step), now_.data(), rows_, columns_, row);
            // The next one comes from memory; asked for a step ahead it is not waited for.
            if (step + 1 < block_.lengths[row])
                Arithmetic::prefetch_word(tower_, token_id(row, step + 1));
        }
    }

    void find_bases(int step, int running) {
        for (int row = 0; row < running; ++row)
            bases_.data()[row] =
                static_cast<const Number*>(tower_.word_rows.find(token_id(row, step)));
    }

    // What some units add from their words' rows comes while their product is made. Whole rows
    // asked for a step ahead, 8 KB of each text, push the weights out of the second cache.
    void prefetch_bases(int unit, int running) const {
        for (int row = 0; row < running; ++row)
            prefetch(bases_.data()[row] + unit * 4, kGateLanes * sizeof(Number));
    }

    // Of some units of a row, what its states were: cell, largest output, sum of the outputs.
    float* states(int unit, int row) {
        return states_.data() + (std::size_t(unit) * rows_ + row * kLanes) * num_slots_;
    }

    void start_states() {
        states_ = zeros<float>(std::size_t(rows_) * layer_.units * num_slots_);
        if (!pools_) return;
        for (int unit = 0; unit < layer_.units; unit += kLanes)
            for (int row = 0; row < block_.num_rows; ++row)
                std::fill_n(states(unit, row) + kLanes, kLanes, -2.0f);  // outputs are above -1
    }

    // `ending`: where the last output of the row goes, if this is the one.
    void advance(int unit, int row, float* ending) {
        const Number* base = reads_rows_ ? bases_.data()[row] + unit * 4 : nullptr;
        const float* bias = layer_.bias.data() + unit * 4;
        const float* sums = sums_.data() + row * kGateLanes;
        float* state = states(unit, row);
        Number* target = Arithmetic::at(next_.data(), rows_, columns_, row, first_unit_ + unit);
        for (int lane = 0; lane < kLanes; lane += kPartLanes) {
            Part gates[4];
            for (int gate = 0; gate < 4; ++gate) {
                const int place = gate * kLanes + lane;
                gates[gate] = load_part(sums + place) +
                              (base ? Arithmetic::get(base + place) : load_part(bias + place));
            }
            const States now = Arithmetic::advance(gates, load_part(state + lane));
            store_part(state + lane, now.cell);
            Arithmetic::put(now.hidden, target + lane);
            if (ending) store_part(ending + unit + lane, now.hidden);
            if (pools_) pool(now.hidden, state + lane);
        }
    }

    static void pool(Part hidden, float* state) {
        float* largest = state + kLanes;
        float* total = state + 2 * kLanes;
        store_part(largest, larger_of(load_part(largest), hidden));
        store_part(total, load_part(total) + hidden);
    }

    void keep_outputs(int unit, int step, int running) {
        for (int row = 0; row < running; ++row) {
            const Number* source =
                Arithmetic::at(next_.data(), rows_, columns_, row, first_unit_ + unit);
            std::copy(source, source + kLanes,
                      outputs_.data() + (std::size_t(step) * rows_ + row) * layer_.units + unit);
        }
    }

    void finish_pooling() {
        const int units = layer_.units;
        for (int row = 0; row < block_.num_rows; ++row) {
            const float share = 1.0f / float(block_.lengths[row]);
            float* output = block_.outputs[row];
            for (int unit = 0; unit < units; ++unit) {
                const float* state = states(unit - unit % kLanes, row) + unit % kLanes;
                output[units + unit] = state[kLanes];
                output[2 * units + unit] = state[2 * kLanes] * share;
            }
        }
    }

    const Tower& tower_;
    const Block& block_;
    const Layer& layer_;
    const Number* const inputs_;
    const bool reads_rows_, is_last_, pools_;
    const int num_slots_, rows_, first_unit_, columns_;
    Buffer<Number> now_, next_;    // inputs and outputs of a step, before and after
    Buffer<float> sums_;           // (rows, 64)
    Buffer<float> states_;         // (units / 16, rows, slots, 16)
    Buffer<const Number*> bases_;  // of each row, its word's row
    Buffer<Number> outputs_;
};

template <typename Arithmetic>
void run_block(const Tower& tower, const Block& block) {
    const typename Arithmetic::Session session;
    Buffer<typename Arithmetic::Number> outputs;
    for (std::size_t index = 0; index < tower.layers.size(); ++index)
        outputs = LayerRun<Arithmetic>(tower, block, index, outputs.data()).run();
}

// Makes the rows of some words and publishes them.
template <typename Arithmetic>
void make_word_rows(const Tower& tower, const std::int32_t* words, int num_words) {
    using Number = typename Arithmetic::Number;
    const typename Arithmetic::Session session;
    const Layer& layer = tower.word_layer;
    const int columns = Arithmetic::padded_columns(layer.features), width = 4 * layer.units;
    const int rows = Arithmetic::padded_rows(num_words);
    Buffer<Number> inputs(std::size_t(rows) * columns);
    std::memset(inputs.data(), 0, inputs.size() * sizeof(Number));
    Buffer<float> sums(std::size_t(rows) * kGateLanes);
    Number* made = static_cast<Number*>(
        tower.word_rows.reserve(std::size_t(num_words) * width * sizeof(Number)));
    for (int row = 0; row < num_words; ++row)
        Arithmetic::place_word(tower, words[row], inputs.data(), rows, columns, row);
    for (int unit = 0; unit < layer.units; unit += kLanes) {
        Arithmetic::multiply(layer, unit, inputs.data(), rows, num_words, columns, sums.data());
        for (int row = 0; row < num_words; ++row)
            for (int lane = 0; lane < kGateLanes; lane += kPartLanes)
                Arithmetic::put(load_part(sums.data() + row * kGateLanes + lane) +
                                    load_part(layer.bias.data() + unit * 4 + lane),
                                made + std::size_t(row) * width + unit * 4 + lane);
    }
    for (int row = 0; row < num_words; ++row)
        tower.word_rows.publish(words[row], made + std::size_t(row) * width);
}

// Packs all that a kernel reads.
template <typename Arithmetic>
void prepare_tower(Tower& tower, const Weights& weights) {
    Arithmetic::keep_embeddings(tower, weights);
    for (std::size_t index = 0; index < tower.layers.size(); ++index) {
        Layer& layer = tower.layers[index];
        const bool is_folded = index == 0 && tower.folded;
        pack_bias(layer, weights.biases[index], weights.are_half);
        Arithmetic::pack(layer, is_folded ? nullptr : weights.kernels[index],
                         weights.recurrent_kernels[index], weights.are_half);
    }
    if (!tower.folded) return;
    const Layer& first = tower.layers[0];
    tower.word_layer.features = first.features;
    tower.word_layer.units = first.units;
    pack_bias(tower.word_layer, weights.biases[0], weights.are_half);
    Arithmetic::pack(tower.word_layer, weights.kernels[0], nullptr, weights.are_half);
    tower.word_rows.open(tower.vocabulary_size);
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
