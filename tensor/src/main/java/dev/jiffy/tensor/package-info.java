/// Tensors: typed, shaped views of 64-byte aligned off-heap memory.
package dev.jiffy.tensor;
