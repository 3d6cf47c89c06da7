/// The oracle: obvious loops over tensors of any shape and every sensible element type.
///
/// Sums are taken in `double` for floating-point types and in wrapping two's complement for
/// integers; results are rounded once, when they are stored. Other kernels must agree with these
/// within their tolerance. The arguments' shapes must fit each other: the caller infers and checks
/// them; what only the elements can tell (an index out of range, a division by zero) is checked
/// here.
package dev.jiffy.engine.kernel.scalar;
