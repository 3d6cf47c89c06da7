/// Graph to graph: rewrites that keep what a graph computes and make it cheaper.
///
/// A fusion is written as the formula it replaces; the pipeline is one list of named passes. Knows
/// nothing of kernels.
package dev.jiffy.engine.pass;
