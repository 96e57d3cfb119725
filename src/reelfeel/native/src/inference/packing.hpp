// How an LSTM's weights of Keras' layout, rows of the four gates one after the other, become
// panels of sixteen units.
#pragma once

#include "inference/panel_products.hpp"
#include "inference/tower.hpp"

namespace reelfeel::REELFEEL_TARGET {
namespace {

template <typename Number>
Buffer<Number> copy(const Number* source, std::size_t size) {
    Buffer<Number> numbers(size);
    std::copy(source, source + size, numbers.data());
    return numbers;
}

inline Buffer<float> read_floats(const void* source, std::size_t size, bool are_half) {
    if (!are_half) return copy(static_cast<const float*>(source), size);
    Buffer<float> numbers(size);
    read_halves(static_cast<const Half*>(source), size, numbers.data());
    return numbers;
}

// A bias in the order of the gates' sums.
inline void pack_bias(Layer& layer, const void* bias, bool are_half) {
    const Buffer<float> numbers = read_floats(bias, std::size_t(4) * layer.units, are_half);
    layer.bias = Buffer<float>(numbers.size());
    for (int gate = 0; gate < 4; ++gate)
        for (int unit = 0; unit < layer.units; unit += kLanes)
            std::copy_n(numbers.data() + gate * layer.units + unit, kLanes,
                        layer.bias.data() + unit * 4 + gate * kLanes);
}

// Puts the rows of a matrix (rows, 4 units) into panels, from row `first` on.
template <typename Number>
void place_rows(const Number* matrix, int rows, int units, int first, PanelLayout layout,
                Number* panels) {
    const std::ptrdiff_t group = std::ptrdiff_t(4) * layout.depth * kLanes;
    for (int row = 0; row < rows; ++row)
        for (int gate = 0; gate < 4; ++gate)
            for (int unit = 0; unit < units; unit += kLanes)
                std::copy_n(matrix + (std::size_t(row) * 4 + gate) * units + unit, kLanes,
                            panels + unit / kLanes * group + gate * layout.size +
                                (first + row) * layout.step);
}

// The rows of a layer's kernel, then those of its recurrent kernel; either may be left out.
template <typename Number>
Buffer<Number> pack_panels(const Layer& layer, const Number* kernel, const Number* recurrent,
                           PanelLayout (*layout_of)(int depth)) {
    const int features = kernel ? layer.features : 0, units = recurrent ? layer.units : 0;
    const PanelLayout layout = layout_of(features + units);
    Buffer<Number> panels(std::size_t(4) * layer.units * layout.depth);
    if (kernel) place_rows(kernel, features, layer.units, 0, layout, panels.data());
    if (recurrent) place_rows(recurrent, units, layer.units, features, layout, panels.data());
    return panels;
}

}  // namespace
}  // namespace reelfeel::REELFEEL_TARGET
