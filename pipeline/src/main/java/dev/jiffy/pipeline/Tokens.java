package dev.jiffy.pipeline;

import org.jspecify.annotations.Nullable;

/// The tokens of one text, special ones included.
final class Tokens {
  private final int[] ids;
  private final int @Nullable [] typeIds;

  /// @param ids the tokens' numbers in the vocabulary; not copied
  /// @param typeIds their segments, null for 0 everywhere; not copied
  Tokens(int[] ids, int @Nullable [] typeIds) {
    this.ids = ids;
    this.typeIds = typeIds;
  }

  int count() {
    return ids.length;
  }

  int id(int position) {
    return ids[position];
  }

  int typeId(int position) {
    return typeIds == null ? 0 : typeIds[position];
  }
}
