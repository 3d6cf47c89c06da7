/// Answers that are given again: the cache of one model's answers, and requests that wait for an
/// equal one which is computed already.
package dev.jiffy.server.cache;
