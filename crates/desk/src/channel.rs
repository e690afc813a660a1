//! How channels may be set up.

use aldis_wire::signal::{
    Channel, ChannelId, ChannelSetup, DEFAULT_CHANNEL, MAX_CHANNEL_NAME, MAX_CHANNELS, MAX_EXPIRY,
    MAX_LINE, MAX_MEMBERS, MIN_EXPIRY, Member, OFFER_TIME, Refusal, Role,
};

use crate::people::Supporter;
use crate::text;

/// A new channel under a free id, or why not. Who makes it is its manager.
pub fn new_channel(
    me: &Supporter,
    id: ChannelId,
    setup: &ChannelSetup,
    others: &[Channel],
) -> Result<Channel, Refusal> {
    if me.role == Role::Technician {
        return Err(Refusal::Role);
    }
    if others.len() >= MAX_CHANNELS {
        return Err(Refusal::TooMany);
    }
    let mut setup = check(id, setup, others)?;
    setup.members.retain(|member| member.name != me.name);
    setup.members.push(Member {
        name: me.name.clone(),
        manager: true,
    });
    setup
        .members
        .sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Channel { id, setup })
}

/// The channel with its new set-up, or why not.
pub fn set_channel(
    me: &Supporter,
    channel: &Channel,
    others: &[Channel],
) -> Result<Channel, Refusal> {
    let known = others.iter().find(|other| other.id == channel.id);
    let known = known.filter(|known| me.works_in(known));
    let known = known.ok_or(Refusal::UnknownChannel)?;
    managed(me, known)?;
    Ok(Channel {
        id: channel.id,
        setup: check(channel.id, &channel.setup, others)?,
    })
}

/// Whether the channel, with so many open cases, may be removed.
pub fn may_remove(me: &Supporter, channel: &Channel, open_cases: u32) -> Result<(), Refusal> {
    if !me.works_in(channel) {
        return Err(Refusal::UnknownChannel);
    }
    if channel.id == DEFAULT_CHANNEL {
        return Err(Refusal::DefaultChannel);
    }
    managed(me, channel)?;
    if open_cases > 0 {
        return Err(Refusal::ChannelInUse { cases: open_cases });
    }
    Ok(())
}

fn managed(me: &Supporter, channel: &Channel) -> Result<(), Refusal> {
    if me.manages(channel) {
        return Ok(());
    }
    Err(Refusal::NotManager {
        channel: channel.setup.name.clone(),
    })
}

fn check(id: ChannelId, setup: &ChannelSetup, others: &[Channel]) -> Result<ChannelSetup, Refusal> {
    let name = text::line("name", &setup.name, MAX_CHANNEL_NAME)?;
    if name.is_empty() {
        return Err(Refusal::BadText);
    }
    let same =
        |other: &Channel| other.id != id && other.setup.name.to_lowercase() == name.to_lowercase();
    if others.iter().any(same) {
        return Err(Refusal::ChannelTaken);
    }
    if !(MIN_EXPIRY..=MAX_EXPIRY).contains(&setup.expiry) || !OFFER_TIME.contains(&setup.offer_time)
    {
        return Err(Refusal::BadTime);
    }
    let mut members = setup.members.clone();
    members.sort_by(|one, other| one.name.cmp(&other.name));
    members.dedup_by(|one, other| one.name == other.name);
    if members.len() > MAX_MEMBERS {
        return Err(Refusal::TooMany);
    }
    Ok(ChannelSetup {
        name,
        description: text::lines("description", &setup.description, MAX_LINE * 2)?,
        members,
        ..setup.clone()
    })
}
