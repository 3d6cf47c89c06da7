/// Answers that servers share through Redis.
package dev.jiffy.server.redis;
