/// Kernels in the Vector API: portable, and fast on every CPU that the JIT knows vectors of.
///
/// The only package that may import `jdk.incubator.vector`; nothing outside may touch its classes
/// where that module is absent. A kernel is one method with a plain loop: no lambdas, no
/// allocation, and vectors cross calls only into methods small enough to be inlined.
package dev.jiffy.engine.kernel.vector;
