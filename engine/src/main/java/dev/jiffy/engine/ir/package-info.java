/// The graph as immutable data: operators, nodes, facts about values, and the rules that every
/// graph obeys.
///
/// Knows nothing of files, kernels or threads.
package dev.jiffy.engine.ir;
