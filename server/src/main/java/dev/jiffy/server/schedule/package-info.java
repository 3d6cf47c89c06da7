/// Who runs a model, and when: owner threads behind a bounded queue.
package dev.jiffy.server.schedule;
