//! [`Flow`] as quinn asks for it.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_path::flow::Flow;
use quinn::congestion::{Controller, ControllerFactory, ControllerMetrics};
use quinn_proto::RttEstimator;

/// Makes a [`Flow`] for each way of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flows;

impl ControllerFactory for Flows {
    fn build(self: Arc<Self>, now: Instant, packet: u16) -> Box<dyn Controller> {
        Box::new(Controlled {
            begun: now,
            flow: Flow::new(Duration::ZERO, packet.into()),
        })
    }
}

#[derive(Clone, Debug)]
struct Controlled {
    begun: Instant,
    flow: Flow,
}

impl Controlled {
    fn time(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.begun)
    }
}

impl Controller for Controlled {
    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        _app_limited: bool,
        _rtt: &RttEstimator,
    ) {
        let (now, sent) = (self.time(now), self.time(sent));
        self.flow.handle_ack(now, sent, bytes);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        _largest_packet_num_acked: Option<u64>,
    ) {
        let now = self.time(now);
        self.flow.handle_acks_end(now, in_flight, app_limited);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        let (now, sent) = (self.time(now), self.time(sent));
        // quinn tells of routers' marks (ECN) as of a loss of nothing.
        if lost_bytes == 0 {
            self.flow.handle_mark(now, sent);
        } else {
            self.flow
                .handle_loss(now, sent, lost_bytes, is_persistent_congestion);
        }
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.flow.set_packet(new_mtu.into());
    }

    fn window(&self) -> u64 {
        self.flow.window()
    }

    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = ControllerMetrics::default();
        metrics.congestion_window = self.window();
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        self.flow.first_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
