/// Kernels compared with the oracle in the process that is about to use them.
@org.jspecify.annotations.NullMarked
package dev.jiffy.engine.kernel.check;
