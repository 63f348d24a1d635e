package org.hearth.server.servers.presence;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.hearth.server.logs.Presence;
import org.junit.jupiter.api.Test;

/// How a user's presence follows from what the clients do, moment by moment.
class UserStateTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration POLL = Duration.ofSeconds(30);

  private Instant now = START;
  private UserState state = UserState.absent(null);

  private void sync(String device, Presence as) {
    state = state.syncing(device, as, now.plus(POLL), now);
  }

  private void say(String device, Presence presence) {
    state = state.said(device, presence, now);
  }

  private void act() {
    state = state.active(now);
  }

  private void pass(Duration time) {
    now = now.plus(time);
  }

  /// Lets time pass in which the device goes on syncing as it did.
  private void syncFor(Duration time, String device, Presence as) {
    Instant end = now.plus(time);
    while (now.isBefore(end)) {
      pass(POLL);
      sync(device, as);
    }
  }

  private UserPresence shown() {
    return state.at(now);
  }

  private Presence presence() {
    return shown().presence();
  }

  @Test
  void nobodyIsThereAtFirst() {
    assertThat(shown()).isEqualTo(new UserPresence(Presence.OFFLINE, null, false, null));
    assertThat(state.nextChange(now)).isEmpty();
  }

  @Test
  void whoBeginsToSyncIsOnlineAndActive() {
    sync("PHONE", Presence.ONLINE);

    assertThat(shown()).isEqualTo(new UserPresence(Presence.ONLINE, START, true, null));
  }

  @Test
  void whoAsksForOfflineIsNotMarked() {
    sync("PHONE", Presence.OFFLINE);

    assertThat(presence()).isEqualTo(Presence.OFFLINE);
    assertThat(state.devices()).isEmpty();
  }

  @Test
  void whoAsksForUnavailableIsThereAndNotActive() {
    sync("PHONE", Presence.UNAVAILABLE);

    assertThat(shown()).isEqualTo(new UserPresence(Presence.UNAVAILABLE, null, false, null));
  }

  @Test
  void isCurrentlyActiveForAMinuteAndIdleAfterFive() {
    sync("PHONE", Presence.ONLINE);
    syncFor(Duration.ofSeconds(30), "PHONE", Presence.ONLINE);
    assertThat(shown().currentlyActive()).isTrue();

    syncFor(Duration.ofSeconds(30), "PHONE", Presence.ONLINE);
    assertThat(shown()).isEqualTo(new UserPresence(Presence.ONLINE, START, false, null));

    syncFor(Duration.ofSeconds(210), "PHONE", Presence.ONLINE);
    assertThat(presence()).isEqualTo(Presence.ONLINE);
    syncFor(Duration.ofSeconds(30), "PHONE", Presence.ONLINE);
    assertThat(shown()).isEqualTo(new UserPresence(Presence.UNAVAILABLE, START, false, null));
  }

  @Test
  void activityEndsIdleness() {
    sync("PHONE", Presence.ONLINE);
    syncFor(Duration.ofMinutes(6), "PHONE", Presence.ONLINE);
    assertThat(presence()).isEqualTo(Presence.UNAVAILABLE);

    act();

    assertThat(shown()).isEqualTo(new UserPresence(Presence.ONLINE, now, true, null));
  }

  @Test
  void isGoneAMinuteAfterTheSyncHasEnded() {
    sync("PHONE", Presence.ONLINE);

    pass(POLL.plus(UserState.GONE_AFTER).minusMillis(1));
    assertThat(presence()).isEqualTo(Presence.ONLINE);
    pass(Duration.ofMillis(1));
    assertThat(shown()).isEqualTo(new UserPresence(Presence.OFFLINE, START, false, null));
  }

  @Test
  void theNextChangeIsWhenItSaysAndAtNoOtherMoment() {
    sync("PHONE", Presence.ONLINE);
    sync("TABLET", Presence.UNAVAILABLE);
    state = state.syncing("DESKTOP", Presence.ONLINE, now.plus(Duration.ofHours(1)), now);
    int changes = 0;
    while (state.nextChange(now).isPresent()) {
      Instant next = state.nextChange(now).get();
      UserPresence before = shown();
      assertThat(state.at(next.minusMillis(1))).isEqualTo(before);
      now = next;
      changes += shown().isLike(before) ? 0 : 1;
    }

    assertThat(presence()).isEqualTo(Presence.OFFLINE);
    assertThat(now).isEqualTo(START.plus(Duration.ofHours(1)).plus(UserState.GONE_AFTER));
    assertThat(changes).as("no more active, idle, gone").isEqualTo(3);
  }

  @Test
  void oneDeviceThatIsOnlineMakesTheUserOnline() {
    sync("PHONE", Presence.UNAVAILABLE);
    sync("DESKTOP", Presence.ONLINE);
    assertThat(presence()).isEqualTo(Presence.ONLINE);

    sync("DESKTOP", Presence.OFFLINE);
    assertThat(presence()).isEqualTo(Presence.UNAVAILABLE);

    sync("PHONE", Presence.OFFLINE);
    assertThat(presence()).isEqualTo(Presence.OFFLINE);
  }

  @Test
  void whatTheUserSaidStaysWhileTheClientGoesOnAsBefore() {
    sync("PHONE", Presence.ONLINE);
    pass(Duration.ofSeconds(10));
    say("PHONE", Presence.UNAVAILABLE);
    syncFor(Duration.ofMinutes(2), "PHONE", Presence.ONLINE);

    assertThat(presence()).isEqualTo(Presence.UNAVAILABLE);
    assertThat(shown().lastActive()).isEqualTo(START.plusSeconds(10));

    sync("PHONE", Presence.UNAVAILABLE);
    sync("PHONE", Presence.ONLINE);
    assertThat(presence()).isEqualTo(Presence.ONLINE);
  }

  @Test
  void whoSaidUnavailableIsOnlineByBeingActive() {
    sync("PHONE", Presence.ONLINE);
    say("PHONE", Presence.UNAVAILABLE);

    act();

    assertThat(presence()).isEqualTo(Presence.ONLINE);
  }

  @Test
  void whoSaidOfflineOrIsNotThereStaysOfflineWhenActive() {
    act();
    assertThat(presence()).isEqualTo(Presence.OFFLINE);

    sync("PHONE", Presence.ONLINE);
    say("PHONE", Presence.OFFLINE);
    pass(Duration.ofSeconds(1));
    act();

    assertThat(shown()).isEqualTo(new UserPresence(Presence.OFFLINE, now, false, null));
  }

  @Test
  void whatIsSaidWithoutASyncHoldsForAMinute() {
    say("PHONE", Presence.ONLINE);
    sync("PHONE", Presence.OFFLINE);
    assertThat(presence()).isEqualTo(Presence.ONLINE);

    pass(UserState.GONE_AFTER);
    assertThat(presence()).isEqualTo(Presence.OFFLINE);
  }

  @Test
  void comingBackIsBeingActive() {
    sync("PHONE", Presence.ONLINE);
    pass(Duration.ofHours(1));
    sync("PHONE", Presence.ONLINE);
    assertThat(shown().lastActive()).isEqualTo(now);

    pass(Duration.ofSeconds(10));
    sync("PHONE", Presence.UNAVAILABLE);
    pass(Duration.ofSeconds(10));
    sync("PHONE", Presence.ONLINE);
    assertThat(shown().lastActive()).isEqualTo(now);
  }

  @Test
  void aShortSyncDoesNotEndALongOne() {
    state = state.syncing("PHONE", Presence.ONLINE, now.plus(Duration.ofMinutes(2)), now);
    state = state.syncing("PHONE", Presence.ONLINE, now, now);

    pass(Duration.ofMinutes(2));

    assertThat(presence()).isEqualTo(Presence.ONLINE);
  }

  @Test
  void needNotBeToldAgainWhatChangesNothing() {
    assertThat(state.knows("PHONE", Presence.OFFLINE, now.plus(POLL), now)).isTrue();
    assertThat(state.knows("PHONE", Presence.ONLINE, now.plus(POLL), now)).isFalse();
    sync("PHONE", Presence.ONLINE);

    pass(Duration.ofSeconds(29));
    assertThat(state.knows("PHONE", Presence.ONLINE, now.plus(POLL), now)).isTrue();
    assertThat(state.knows("PHONE", Presence.UNAVAILABLE, now.plus(POLL), now)).isFalse();
    assertThat(state.knows("PHONE", Presence.OFFLINE, now.plus(POLL), now)).isFalse();
    assertThat(state.knows("TABLET", Presence.ONLINE, now.plus(POLL), now)).isFalse();
    pass(Duration.ofSeconds(2));
    assertThat(state.knows("PHONE", Presence.ONLINE, now.plus(POLL), now)).isFalse();

    act();
    assertThat(state.knowsActive(now)).isTrue();
    say("PHONE", Presence.UNAVAILABLE);
    assertThat(state.knowsActive(now)).isFalse();
    act();
    pass(UserState.ACTIVE_AGAIN_AFTER);
    assertThat(state.knowsActive(now)).isFalse();
  }

  @Test
  void keepsABoundedNumberOfDevicesAndNoneThatIsGone() {
    sync("FIRST", Presence.ONLINE);
    pass(Duration.ofSeconds(1));
    for (int i = 0; i < UserState.MOST_DEVICES; i++) {
      sync("DEVICE" + i, Presence.UNAVAILABLE);
    }
    assertThat(state.devices()).hasSize(UserState.MOST_DEVICES).doesNotContainKey("FIRST");

    pass(Duration.ofHours(1));
    act();
    assertThat(state.devices()).isEmpty();
  }

  @Test
  void tellsInTheWordsOfTheSpecification() {
    sync("PHONE", Presence.ONLINE);
    state = state.withStatus("Making cupcakes");
    pass(Duration.ofMillis(1_500));

    assertThat(shown().content(now).toString())
        .isEqualTo(
            "{\"presence\":\"online\",\"last_active_ago\":1500,\"currently_active\":true,\"status_msg\":\"Making cupcakes\"}");
    assertThat(UserState.absent(null).at(now).content(now).toString())
        .isEqualTo("{\"presence\":\"offline\"}");
    assertThat(shown().content(START.minusSeconds(1)).path("last_active_ago").asLong()).isZero();
  }
}
