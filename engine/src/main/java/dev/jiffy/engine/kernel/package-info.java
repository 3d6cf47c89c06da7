/// Numeric loops over addresses, behind one narrow interface.
///
/// Kernels know nothing of graphs or operators. They trust their arguments: lowering proves every
/// size first.
package dev.jiffy.engine.kernel;
