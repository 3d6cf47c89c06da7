package dev.jiffy.engine.kernel;

/// How packed trees and the keys of rows lie in memory.
///
/// A node has 32 bits to compare with, unsigned; the number of a key; and the distance to the node
/// where the key is not greater, in nodes. Where the key is greater, the next one behind that is
/// meant. In a narrow node of 8 bytes number and distance are u16, in a wide one of 16 bytes i32. A
/// leaf has the distance 0 and a key that is always 0, so that the walk stays; its 32 bits are what
/// it gives.
///
/// Trees are listed twice. One by one: the i32 distance of the root from the first node, in nodes,
/// and the i32 number of comparisons on the longest path. In groups of [#LANES], which are walked
/// side by side, 64 bytes each: the distances of all roots, then the number of comparisons on the
/// longest path of all.
///
/// @param isWide whether nodes are wide
/// @param isSum whether leaves give f32 that are added up, in the order of the trees; otherwise
///   what each gives is stored
/// @param keyBytes bytes from the keys of a row to those of the next, a multiple of 64
public record TreeShape(boolean isWide, boolean isSum, int keyBytes) {
  /// The trees of a group, and the rows that are walked side by side.
  public static final int LANES = 8;

  /// The bytes of a group.
  public static final int GROUP_BYTES = 64;

  /// The bytes of a tree that is listed by itself.
  public static final int TREE_BYTES = 8;

  /// Where in a group the length of its longest path is.
  public static final int DEPTH = 4 * LANES;

  /// {@return the bytes of a node}
  public int nodeBytes() {
    return isWide ? 16 : 8;
  }
}
