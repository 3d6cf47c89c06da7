/// The names and definitions of the scalar functions that operators and kernels share.
///
/// Each definition is the oracle: the obvious formula in `double`. Depends on nothing.
package dev.jiffy.engine.function;
