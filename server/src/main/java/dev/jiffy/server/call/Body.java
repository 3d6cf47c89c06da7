package dev.jiffy.server.call;

/// A body or message that has come as a whole.
///
/// @param bytes its bytes; not copied
/// @param share what it takes of the memory for all of them, which is released once it is read
@SuppressWarnings("ArrayRecordComponent")
public record Body(byte[] bytes, BodyMemory.Share share) {}
