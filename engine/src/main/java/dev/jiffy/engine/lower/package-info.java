/// Lowering: from a graph and concrete input shapes to a plan, a list of steps over planned memory.
///
/// Chooses kernels and layouts, packs weights, and decides where every value lives.
package dev.jiffy.engine.lower;
