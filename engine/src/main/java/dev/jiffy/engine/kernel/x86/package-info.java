/// Machine code for x86-64, emitted when it is first needed and called through the Foreign Function
/// & Memory API: an encoder of instructions, executable memory, and generators of kernels.
///
/// Emitted functions follow the System V calling convention, take addresses and counts only, and
/// use no stack beyond the registers that they save and the 128 bytes that the convention leaves to
/// functions that call no others.
@NullMarked
package dev.jiffy.engine.kernel.x86;

import org.jspecify.annotations.NullMarked;
